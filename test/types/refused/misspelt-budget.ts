/** A misspelt budget. */
import { pipeline } from "rcpa";

export default pipeline("wrong", {
  // TS2561: Object literal may only specify known properties, but 'retentoin' does not exist in type '{ readonly retention?: number | undefined; readonly minDomainGain?: number | undefined; readonly maxHours?: number | undefined; readonly maxMemoryGiB?: number | undefined; }'. Did you mean to write 'retention'?
  budgets: { retentoin: 0.95 },
});
