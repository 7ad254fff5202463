#!/usr/bin/env node
// The `rcpa` command. Its sources are TypeScript, so the loader comes before them. It looks at every
// file that is loaded after it, so what needs no loader and is always needed comes before the loader.
import "effect/Effect";
import "effect/Schema";
import { register } from "tsx/esm/api";

register();
await import("../src/cli/main.ts");
