/** English contractions as the VQA program spells them, found by what is left when one apostrophe is missing. Evals layer. */

const whole = `
  ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't
  haven't he'd he'd've he's how'd how'll how's isn't it'd it'd've it'll ma'am might've mightn't
  mightn't've must've mustn't needn't not've o'clock oughtn't 'ow's'at shan't she'd've should've
  shouldn't shouldn't've somebody'd've somebody'll somebody's someone'd someone'd've someone'll
  someone's something'd something'd've something'll that's there'd there'd've there're there's
  they'd they'd've they'll they're they've 'twas wasn't we'd've we've weren't what'll what're
  what's what've when's where'd where's where've who'd who'd've who'll who's who've why'll why're
  why's won't would've wouldn't wouldn't've y'all y'all'd've y'all'll you'd you'd've you'll you're
  you've`;

const withoutOne = (word: string): ReadonlyArray<string> =>
  [...word].flatMap((sign, at) => (sign === "'" ? [word.slice(0, at) + word.slice(at + 1)] : []));

/**
 * Words to what they stand for.
 *
 * Source: the table of the VQA evaluation. Its entries for "I" are left out, which words in lower case
 * never meet; "somebody'd" loses its apostrophe there, so it does here.
 */
export const contractions: ReadonlyMap<string, string> = new Map([
  ...whole
    .trim()
    .split(/\s+/)
    .flatMap((word) => withoutOne(word).map((bare) => [bare, word] as const)),
  ["somebody'd", "somebodyd"] as const,
]);
