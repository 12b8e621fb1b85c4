// Every page of the product, once for each role: it answers, it is light, it is sound, and it says no pupil's name in its title.

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { accessibilityFaults } from "../harness.mjs";
import { journey } from "../journey.mjs";

const MOST_BYTES = 120_000;
const MOST_BYTES_COMPRESSED = 25_000;
const roles = [
  "attendance manager",
  "teacher",
  "headteacher",
  "designated safeguarding lead",
  "governor",
  "data protection lead",
  "system administrator",
];

/** Kinds of pages that axe has looked at, whoever was signed in: it need not see a page twice. */
const looked = new Set();
/** `Surname, Forename` of the pupils, from the first role's list. */
const pupils = [];

const numberless = (text) => text.replace(/\d{4}-\d\d-\d\d/g, "D").replace(/\d+/g, "N");

/** The page that answers at an address, whatever it is asked about: `/pupils/N`, `/registers/N/D/am`, `/lists/LIST`. */
const pageAt = (url) => numberless(url.pathname).replace(/^\/lists\/.+/, "/lists/LIST");

/** What is looked at once for each role: a page with what it is asked to show, and of whom. */
function kindOf(url) {
  const who = (url.searchParams.get("who") ?? "").replace(/^(?!school|group|pupil).+-.*/, "some").replace(/-.*/, "");
  const shown = ["show", "by"].map((name) => url.searchParams.get(name)).filter(Boolean);
  return [numberless(url.pathname), who, ...(who === "some" ? [] : shown)].join(" ");
}

const isFile = (url) => /\.\w+$|certificate/.test(url.pathname);

/** Follows every link from the first page, one address of each kind, and shows each page to `look`. */
async function walk(page, school, look) {
  const waiting = [new URL("/", school.address)];
  const kinds = new Set(waiting.map(kindOf));
  while (waiting.length > 0) {
    const url = waiting.shift();
    if (isFile(url)) {
      const file = await page.request.get(url.href);
      assert.equal(file.status(), 200, url.href);
      continue;
    }
    await look(url, await page.goto(url.href));
    for (const href of await page.locator("a[href]").evaluateAll((links) => links.map((link) => link.href))) {
      const next = new URL(href);
      if (next.origin !== url.origin || next.searchParams.has("print") || kinds.has(kindOf(next))) continue;
      kinds.add(kindOf(next));
      waiting.push(next);
    }
  }
  return kinds;
}

for (const role of roles) {
  journey(`every page that the ${role} reaches is sound`, { role }, async ({ page, school }) => {
    const faults = [];
    if (pupils.length === 0) {
      await page.goto(`${school.address}/pupils`);
      pupils.push(...(await page.locator("main tbody th").allInnerTexts()).map((name) => name.trim()));
      assert.ok(pupils.length > 20, `${pupils.length} pupils`);
    }
    const kinds = await walk(page, school, async (url, answer) => {
      const say = (fault) => faults.push(`${url.pathname}${url.search}: ${fault}`);
      if (answer.status() !== 200) say(`answers ${answer.status()}`);
      const body = await answer.body();
      const compressed = gzipSync(body).length;
      if (body.length > MOST_BYTES) say(`${body.length} bytes`);
      if (compressed > MOST_BYTES_COMPRESSED) say(`${compressed} bytes compressed`);
      const title = await page.title();
      const text = role === "system administrator" ? await page.locator("body").innerText() : "";
      for (const name of pupils) {
        const [surname, forename] = name.split(", ");
        if (title.includes(surname) && title.includes(forename)) say(`its title names a pupil: ${title}`);
        if (text.includes(name)) say("an administrator sees a pupil");
      }
      if (!looked.has(pageAt(url))) {
        looked.add(pageAt(url));
        for (const fault of await accessibilityFaults(page)) say(fault);
      }
    });
    assert.deepEqual(faults, [], `${kinds.size} pages\n${faults.join("\n")}`);
  });
}
