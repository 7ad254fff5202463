#!/usr/bin/env node
// The `rcpa` command: the sources are TypeScript, so the loader comes first.
import { register } from "tsx/esm/api";

register();
await import("../src/cli/main.ts");
