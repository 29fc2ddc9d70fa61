#!/usr/bin/env node
// Runs the program in this platform's package, and exits with its status or signal.
"use strict";

const { spawn } = require("node:child_process");
const os = require("node:os");
const path = require("node:path");
const { optionalDependencies, version } = require("../package.json");

// The exit status of `prodverdict` without a verdict.
const COULD_NOT_TELL = 2;

function findProgram() {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const name = `@prodverdict/${platform}`;
  if (!Object.hasOwn(optionalDependencies, name)) {
    const known = Object.keys(optionalDependencies).map((each) => each.slice("@prodverdict/".length));
    throw new Error(
      `there is no program for ${platform}, only for ${known.join(", ")}; the container image runs wherever Linux containers do`,
    );
  }
  let manifest;
  try {
    manifest = require.resolve(`${name}/package.json`);
  } catch {
    throw new Error(`the package ${name} is missing; install prodverdict again, with optional dependencies (no --omit=optional)`);
  }
  const found = require(manifest).version;
  if (found !== version) {
    throw new Error(`the package ${name} is version ${found}, and this is ${version}; install prodverdict again`);
  }
  return path.join(path.dirname(manifest), "bin", process.platform === "win32" ? "prodverdict.exe" : "prodverdict");
}

function giveUp(message) {
  process.stderr.write(`prodverdict: ${message}\n`);
  process.exitCode = COULD_NOT_TELL;
}

function run(program) {
  const child = spawn(program, process.argv.slice(2), { stdio: "inherit" });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both processes.
      if (signal !== "SIGINT" || !process.stdin.isTTY) {
        child.kill(signal);
      }
    });
  }
  child.on("error", (error) => giveUp(`cannot start ${program}: ${error.message}`));
  child.on("exit", (code, signal) => {
    if (signal !== null) {
      process.exitCode = 128 + os.constants.signals[signal];
    } else {
      process.exitCode = code;
    }
    for (const each of signals) {
      process.removeAllListeners(each);
    }
  });
}

try {
  run(findProgram());
} catch (error) {
  giveUp(error.message);
}
