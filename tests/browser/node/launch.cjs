// Launches the headless Chromium that scripts/browser found or installed.
"use strict";

const { createRequire } = require("node:module");

// The packages are not beside this file: nothing is installed into the checkout.
const packages = createRequire(`${process.env.BROWSER_PACKAGES}/`);

exports.packages = packages;

exports.launch = () =>
  packages("puppeteer-core").launch({
    executablePath: process.env.CHROMIUM,
    // The sandbox needs privileges that a container lacks; the pages are ours.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb"],
  });
