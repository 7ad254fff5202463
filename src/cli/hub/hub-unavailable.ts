/** The errors of a name on the Hub: which name, what the Hub said, what helps. CLI. */
import * as Schema from "effect/Schema";

/** What a name means cannot be had. */
export class HubUnavailable extends Schema.TaggedError<HubUnavailable>()("HubUnavailable", {
  name: Schema.String,
  reason: Schema.String,
  hint: Schema.String,
}) {
  override get message(): string {
    return `${this.name}: ${this.reason}\n  hint: ${this.hint}`;
  }
}

interface Thrown {
  readonly statusCode?: number;
  readonly name?: string;
  readonly message: string;
  readonly cause?: unknown;
}

const hints = {
  token: "accept its terms on the Hub if it is gated, and set HF_TOKEN to a token that may read it",
  missing: "check org, name, revision and file; of one that is private, set HF_TOKEN",
  offline:
    "without network, put a downloaded copy into the cache (HF_HOME), or name a folder; HF_ENDPOINT names another host",
};

/** What was thrown while asking the Hub about `name`, in words. */
export function hubError(name: string, host: string, thrown: unknown): HubUnavailable {
  const { statusCode, message, cause } = thrown as Thrown;
  const of = (reason: string, hint: string) => new HubUnavailable({ name, reason, hint });
  if (statusCode === 401 || statusCode === 403) {
    return of(`${host} refuses it (${statusCode})`, hints.token);
  }
  if (statusCode === 404) return of(`${host} has no such thing (404)`, hints.missing);
  if (statusCode !== undefined) {
    return of(`${host} answers ${statusCode}`, "try again later; what is whole is kept");
  }
  if (/access token/.test(message)) return of(message, "HF_TOKEN begins with hf_");
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const why = code === undefined ? message.slice(0, 200) : code;
  return of(`${host} cannot be reached (${why})`, hints.offline);
}

/** The Hub is not to be asked, and the cache does not have it. */
export const offline = (name: string) =>
  new HubUnavailable({
    ...{ name, reason: "is not in the cache, and HF_HUB_OFFLINE forbids to ask the Hub" },
    hint: "unset HF_HUB_OFFLINE, or download it once where there is network",
  });

/** Something is there, but nothing of use. */
export const useless = (name: string, reason: string) =>
  new HubUnavailable({ name, reason, hint: hints.missing });
