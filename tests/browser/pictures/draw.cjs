// Draws the program's output: `node draw.cjs SAID PICTURES`. Comments are rendered by cmark-gfm, GitHub's own renderer of
// Markdown, with raw HTML as on GitHub, and by mermaid and a style sheet similar to GitHub's.
"use strict";

const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { launch, packages } = require("../node/launch.cjs");

const [said, pictures] = process.argv.slice(2);
const LARGEST = 150_000;

const read = (file) => fs.readFileSync(file, "utf8");

const EXTENSIONS = ["table", "strikethrough", "autolink", "tagfilter", "tasklist"];

function comment(markdown) {
  const extensions = EXTENSIONS.flatMap((name) => ["--extension", name]);
  const body = execFileSync("cmark-gfm", ["--unsafe", ...extensions], { input: markdown, encoding: "utf8" });
  const css = read(path.join(__dirname, "comment.css"));
  return `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>${css}</style>
    <div class="comment"><header><b>github-actions</b> <span>bot</span> commented</header>
    <div class="body">${body}</div></div>`;
}

/// Renders blocks of Mermaid as drawings, as GitHub does.
async function drawCharts(page, scheme) {
  const folder = path.dirname(packages.resolve("mermaid"));
  await page.addScriptTag({ content: read(path.join(folder, "mermaid.min.js")) });
  await page.evaluate(async (theme) => {
    for (const code of document.querySelectorAll("code.language-mermaid")) {
      const chart = document.createElement("div");
      chart.className = "mermaid";
      chart.textContent = code.textContent;
      code.parentElement.replaceWith(chart);
    }
    mermaid.initialize({ startOnLoad: false, theme });
    await mermaid.run();
  }, scheme === "dark" ? "dark" : "default");
}

/// 256 colors are enough for text on a background, and take a third of the bytes.
function save(name, shot) {
  const UPNG = packages("upng-js");
  const image = UPNG.decode(shot.buffer.slice(shot.byteOffset, shot.byteOffset + shot.byteLength));
  const small = Buffer.from(UPNG.encode(UPNG.toRGBA8(image), image.width, image.height, 256));
  fs.writeFileSync(path.join(pictures, name), small);
  console.log(`${name} ${small.length} bytes, ${image.width} by ${image.height}`);
  if (small.length > LARGEST) throw new Error(`${name} is larger than ${LARGEST} bytes`);
}

async function picture(browser, name, { html, file, width, height, scheme, scale = 1, before }) {
  const page = await browser.newPage();
  await page.setViewport({ width, height: height ?? 600, deviceScaleFactor: scale });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  if (file) await page.goto(pathToFileURL(file).href);
  else await page.setContent(html);
  if (html) await drawCharts(page, scheme);
  if (before) await page.evaluate(before);
  // Crops the window to its content.
  const bottom = await page.evaluate(() => Math.ceil(document.body.getBoundingClientRect().bottom));
  await page.setViewport({ width, height: height ?? bottom, deviceScaleFactor: scale });
  save(name, await page.screenshot());
  await page.close();
}

(async () => {
  const browser = await launch();
  const report = path.join(said, "report.html");
  const broken = comment(read(path.join(said, "comment.md")));
  const resolved = comment(read(path.join(said, "resolved.md")));
  const openAll = () => document.querySelectorAll("details").forEach((one) => (one.open = true));
  const openFirst = () => {
    document.querySelector("#list details").open = true;
  };
  try {
    for (const scheme of ["light", "dark"]) {
      await picture(browser, `comment-${scheme}.png`, { html: broken, width: 760, scheme });
      await picture(browser, `comment-phone-${scheme}.png`, { html: broken, width: 390, scheme });
      await picture(browser, `comment-top-${scheme}.png`, { html: broken, width: 760, height: 640, scheme });
      await picture(browser, `resolved-${scheme}.png`, { html: resolved, width: 760, scheme, before: openAll });
      await picture(browser, `report-${scheme}.png`, { file: report, width: 1120, height: 1300, scheme, before: openFirst });
    }
    await picture(browser, "report-phone.png", { file: report, width: 390, height: 844, scheme: "dark", scale: 1.5 });
  } finally {
    await browser.close();
  }
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
