/** A required option left out. */
import { exportModel } from "rcpa";

// TS2554: Expected 1 arguments, but got 0.
export default exportModel();
