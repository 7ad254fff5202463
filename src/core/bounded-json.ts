/** JSON from files that are not trusted: its depth is bounded before it is parsed. Serves all layers. */

/** Objects and lists within one another; rows of real data sets have about five levels. */
const MAX_DEPTH = 32;

/** The value of a JSON text, or what is wrong with it; `depth` bounds objects and lists within one another. */
export function parseBounded(
  text: string,
  depth = MAX_DEPTH,
): { readonly value: unknown } | { readonly problem: string } {
  if (depthExceeds(text, depth)) {
    return { problem: `is nested more than ${depth} levels deep` };
  }
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    // The parser's message quotes the text; a line may be megabytes long.
    const reason = (error as Error).message.split(/, ?"|, \.\.\./)[0]!.slice(0, 120);
    return { problem: `is not valid JSON: ${reason}` };
  }
}

/** Whether brackets open more than `limit` levels; text inside strings does not count. */
function depthExceeds(text: string, limit: number): boolean {
  if (fewBrackets(text, limit)) return false;
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 92) at++;
      else if (code === 34) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 91 || code === 123) {
      if (++depth > limit) return true;
    } else if (code === 93 || code === 125) depth--;
  }
  return false;
}

/** Most rows have few brackets altogether, and counting them takes native searches only. */
function fewBrackets(text: string, limit: number): boolean {
  let count = 0;
  for (const bracket of "[{") {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (++count > limit) return false;
    }
  }
  return true;
}
