// Files that the product hands out, read as a spreadsheet would read them.

import { inflateRawSync } from "node:zlib";

/** The cells of a CSV file, quoted ones too. */
export function readCsv(text) {
  const rows = [[]];
  for (const [, separator, quoted, plain] of text.replace(/^\uFEFF/, "").matchAll(/(^|,|\r?\n)(?:"((?:[^"]|"")*)"|([^,"\r\n]*))/g)) {
    if (separator.endsWith("\n")) rows.push([]);
    rows.at(-1).push(quoted?.replaceAll('""', '"') ?? plain);
  }
  return rows;
}

/** The rows of the first sheet of a workbook, as text: a workbook is a ZIP of XML files. */
export function readWorkbook(bytes) {
  const parts = unzip(bytes);
  const words = [...(parts.get("xl/sharedStrings.xml") ?? "").matchAll(/<si>([\s\S]*?)<\/si>/g)].map(([, one]) => textOf(one));
  const sheet = parts.get("xl/worksheets/sheet1.xml");
  if (!sheet) throw new Error(`no first sheet among ${[...parts.keys()].join(", ")}`);
  return [...sheet.matchAll(/<row\b[^>]*?(?:\/>|>([\s\S]*?)<\/row>)/g)].map(([, row = ""]) =>
    [...row.matchAll(/<c\b([^>]*?)(?:\/>|>([\s\S]*?)<\/c>)/g)].map(([, about, inside = ""]) => {
      const value = inside.match(/<v>([\s\S]*?)<\/v>/)?.[1];
      return /t="s"/.test(about) ? words[Number(value)] : value ?? textOf(inside);
    }));
}

const textOf = (xml) => [...xml.matchAll(/<t\b[^>]*>([\s\S]*?)<\/t>/g)].map(([, text]) => text).join("")
  .replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&apos;/g, "'").replace(/&amp;/g, "&");

/** Name to contents of the text files in a ZIP, by its directory at the end. */
function unzip(bytes) {
  const end = bytes.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  if (end < 0) throw new Error("not a ZIP");
  const parts = new Map();
  for (let at = bytes.readUInt32LE(end + 16), left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [method, size, nameLength, extra, comment, local] =
      [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20), bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30), bytes.readUInt16LE(at + 32), bytes.readUInt32LE(at + 42)];
    const name = bytes.toString("utf8", at + 46, at + 46 + nameLength);
    const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const packed = bytes.subarray(from, from + size);
    parts.set(name, (method === 0 ? packed : inflateRawSync(packed)).toString("utf8"));
    at += 46 + nameLength + extra + comment;
  }
  return parts;
}
