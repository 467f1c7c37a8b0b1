/** A URL as it may be shown: without the user's name and password. */
export function shownUrl(url) {
  const { href, username, password } = url;
  if (!username && !password) return href;
  const shown = new URL(href);
  shown.username = '';
  shown.password = '';
  return shown.href.replace('://', '://***@');
}

/** A source's name as it may be shown: a path as it is, a URL without the user's name and password. */
export function shownName(word) {
  if (!/^https?:/i.test(word)) return word;
  // What is no URL may hold a password all the same.
  return URL.canParse(word) ? shownUrl(new URL(word)) : word.replace(/^(https?:\/*)[^/]*@/i, '$1***@');
}
