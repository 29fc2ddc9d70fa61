// Chromium without a window, as scripts/browser found or installed it.
"use strict";

const { createRequire } = require("node:module");

// The packages are not beside this file: nothing is installed into the checkout's own folders.
const packages = createRequire(`${process.env.BROWSER_PACKAGES}/`);

exports.packages = packages;

exports.launch = () =>
  packages("puppeteer-core").launch({
    executablePath: process.env.CHROMIUM,
    // The sandbox takes privileges that a container does not have; the pages are ours.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb"],
  });
