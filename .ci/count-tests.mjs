/** Prints "passed failed" from vitest's JSON report. A file that could not be loaded, or no test at all, is a failure. */
import { readFileSync } from "node:fs";

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
const unloaded = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === "failed" && !assertionResults.some((test) => test.status === "failed"),
).length;
const failed = report.numFailedTests + unloaded;
const nothingRan = report.numPassedTests + failed === 0;
const unexplained = !report.success && failed === 0;
console.log(report.numPassedTests, failed + (nothingRan || unexplained ? 1 : 0));
