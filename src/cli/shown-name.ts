/**
 * A name from outside for the eyes of a person: what could steer a terminal, or turn the direction
 * of writing, is shown as `\u{1b}`.
 */
export const shownName = (name: string): string =>
  name.replace(
    /[\p{Cc}\p{Cs}\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu,
    (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`,
  );
