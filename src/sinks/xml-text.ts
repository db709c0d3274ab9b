// What XML 1.0 has no way to write, not even as a reference (section 2.2), with lone surrogates.
const ILLEGAL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;
const SPECIAL: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};

/** Any text as the content of an XML element; characters that XML can't hold are shown in its place. */
export function xmlText(text: string): string {
  return text
    .replace(ILLEGAL, (found) => {
      const code = found.charCodeAt(0);
      return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd';
    })
    .replace(/[&<>"\r]/g, (found) => SPECIAL[found] ?? found);
}

/** Any text as the value of an attribute in double quotes. */
export function xmlAttribute(text: string): string {
  return xmlText(text).replace(/[\n\t]/g, (found) => (found === '\n' ? '&#10;' : '&#9;'));
}
