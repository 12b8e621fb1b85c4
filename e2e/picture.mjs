// Makes a picture of a screen small: no more than 256 colours, and packed as tightly as PNG allows.
//
// A screen of text has few colours that matter and many that smooth its letters. The 256 most frequent stay; each other becomes the
// nearest of them. Takes what the browser writes: 8 bits a channel, RGB or RGBA, not interlaced, nothing see-through.

import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
const MOST_COLOURS = 256;

/** The same picture with at most 256 colours, as PNG. */
export function smaller(png) {
  const { width, height, pixels } = decode(png);
  const counts = new Map();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const palette = [...counts].sort((a, b) => b[1] - a[1]).slice(0, MOST_COLOURS).map(([colour]) => colour);
  const place = new Map(palette.map((colour, index) => [colour, index]));
  for (const colour of counts.keys()) if (!place.has(colour)) place.set(colour, nearest(colour, palette));

  // One byte a pixel behind a byte that says "not filtered": what suits a palette.
  const lines = Buffer.alloc((width + 1) * height);
  for (let at = 0; at < pixels.length; at += 1) lines[at + Math.floor(at / width) + 1] = place.get(pixels[at]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flatMap(channels))),
    chunk("IDAT", deflateSync(lines, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

const channels = (colour) => [colour >> 16, (colour >> 8) & 255, colour & 255];

function nearest(colour, palette) {
  const wanted = channels(colour);
  const distance = (other) => channels(other).reduce((sum, channel, index) => sum + (channel - wanted[index]) ** 2, 0);
  let best = 0;
  for (let index = 1, least = distance(palette[0]); index < palette.length; index += 1) {
    const far = distance(palette[index]);
    if (far < least) [best, least] = [index, far];
  }
  return best;
}

/** Width, height and each pixel as 0xRRGGBB. */
function decode(png) {
  if (!png.subarray(0, 8).equals(SIGNATURE)) throw new Error("not a PNG");
  const parts = [];
  let width, height, bytes;
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const kind = png.toString("latin1", at + 4, at + 8), inside = png.subarray(at + 8, at + 8 + png.readUInt32BE(at));
    if (kind === "IHDR") {
      [width, height] = [inside.readUInt32BE(0), inside.readUInt32BE(4)];
      bytes = { 2: 3, 6: 4 }[inside[9]];
      if (inside[8] !== 8 || !bytes || inside[12] !== 0) throw new Error("a kind of PNG that browsers do not write");
    }
    if (kind === "IDAT") parts.push(inside);
  }
  const raw = inflateSync(Buffer.concat(parts)), stride = width * bytes;
  const pixels = new Uint32Array(width * height);
  let above = new Uint8Array(stride);
  for (let row = 0; row < height; row += 1) {
    const line = unfilter(raw[row * (stride + 1)], raw.subarray(row * (stride + 1) + 1, (row + 1) * (stride + 1)), above, bytes);
    for (let x = 0; x < width; x += 1) pixels[row * width + x] = (line[x * bytes] << 16) | (line[x * bytes + 1] << 8) | line[x * bytes + 2];
    above = line;
  }
  return { width, height, pixels };
}

/** A line as it was before it was filtered (PNG specification, section 9). */
function unfilter(filter, line, above, bytes) {
  const out = new Uint8Array(line.length);
  for (let at = 0; at < line.length; at += 1) {
    const left = at < bytes ? 0 : out[at - bytes], up = above[at], corner = at < bytes ? 0 : above[at - bytes];
    const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
    out[at] = line[at] + guess;
  }
  return out;
}

function paeth(left, up, corner) {
  const [toLeft, toUp, toCorner] = [left, up, corner].map((value) => Math.abs(left + up - corner - value));
  return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
}

function chunk(kind, inside) {
  const body = Buffer.concat([Buffer.from(kind, "latin1"), inside]);
  const length = Buffer.alloc(4), check = Buffer.alloc(4);
  length.writeUInt32BE(inside.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
