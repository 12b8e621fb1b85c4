// What is kept and what may go: an erasure on the word of two people with its certificate, a legal hold, and a webhook from its secret to its end.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { axe } from "../harness.mjs";
import { journey } from "../journey.mjs";

const lead = "data protection lead";
const safeguarding = "designated safeguarding lead";

/** Goes by Tab and Enter. */
async function follow(keys, locator) {
  await keys.tabTo(locator);
  await keys.press("Enter");
}

journey("the data protection lead takes the certificate of the last erasure away and asks for the next", { role: lead }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/journal`);
  await follow(keys, page.locator('main a[href="/preservation"]').first());
  await page.waitForURL(/\/preservation$/);
  await axe(page);
  const seen = await page.locator("main").innerText();
  assert.match(seen, /records of 1 pupil who left/);
  assert.match(seen, /1 pupil, of whom nothing goes/);
  assert.match(seen, /Samplewright, Alex/, "who is held is named to those who may know");
  assert.doesNotMatch(seen, /Bygone/, "and nobody who is gone");

  await follow(keys, page.locator("main tbody tr", { hasText: "done" }).first().locator("a"));
  await page.waitForURL(/\/preservation\/\d+$/);
  await axe(page);
  assert.match(await page.locator("main").innerText(), /Rows erased/);
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    follow(keys, page.locator("main button", { hasText: "certificate of destruction" })),
  ]);
  const bytes = await readFile(await file.path());
  assert.equal(bytes.subarray(0, 5).toString(), "%PDF-");
  assert.ok(bytes.includes("StructTreeRoot"), "a document that a screen reader finds its way through");

  await page.goto(`${school.address}/preservation`);
  await follow(keys, page.locator('main a[href="/preservation/ask"]'));
  await page.waitForURL(/\/preservation\/ask$/);
  await axe(page);
  await keys.tabTo(page.locator('main [name="reason"]'));
  await keys.type("Yearly review");
  await keys.press("Enter");
  await page.waitForURL(/\/preservation\/\d+/);
  await axe(page);
  assert.equal(await page.locator("main a", { hasText: "Approve" }).count(), 0, "nobody approves their own");
});

journey("a second person approves it, and it is carried out", { role: safeguarding }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/preservation`);
  await follow(keys, page.locator("main tbody tr", { hasText: "asked" }).first().locator("a"));
  await page.waitForURL(/\/preservation\/\d+$/);
  const erasure = page.url();
  await follow(keys, page.locator("main a", { hasText: "Approve and carry out" }));
  await page.waitForURL(/\/approve$/);
  await axe(page);
  await follow(keys, page.locator("main form button"));
  await page.waitForURL(/\/preservation\/\d+\?did=begun$/);
  await axe(page);
  await assert.doesNotReject(async () => {
    for (let looked = 0; looked < 100; looked += 1) {
      await page.goto(erasure);
      if (/State\s+done/.test(await page.locator("main").innerText())) return;
      await page.waitForTimeout(200);
    }
    throw new Error(await page.locator("main").innerText());
  }, "it is done while somebody waits");
  await page.goto(`${school.address}/preservation`);
  const after = await page.locator("main").innerText();
  assert.match(after, /no record of a pupil who left/);
  assert.match(after, /1 pupil, of whom nothing goes/, "who is held stays");
});

journey("a legal hold is placed by keyboard", { role: safeguarding }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/preservation`);
  await follow(keys, page.locator('main a[href="/preservation/holds/new"]'));
  await page.waitForURL(/\/holds\/new$/);
  await axe(page);
  await keys.tabTo(page.locator('main [name="number"]'));
  await keys.type("007005");
  await keys.tabTo(page.locator('main [name="reason"]'));
  await keys.type("Inquiry");
  await keys.tabTo(page.locator('main [name="owner"]'));
  await keys.type("Headteacher");
  await keys.press("Enter");
  await page.waitForURL(/did=held/);
  assert.match(await page.locator("main").innerText(), /\(007005\)/);
  await axe(page);
});

journey("a webhook is subscribed, its secret shown once, paused and ended", { role: "system administrator" }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/webhooks`);
  await axe(page);
  await follow(keys, page.locator('main a[href="/webhooks/new"]'));
  await page.waitForURL(/\/webhooks\/new$/);
  await axe(page);
  await keys.tabTo(page.locator('main [name="client"]'));
  await keys.press("ArrowDown");
  await keys.tabTo(page.locator('main [name="address"]'));
  await keys.type("https://receiver.example/rollbook");
  await keys.tabTo(page.locator('main [name="mark.changed"]'));
  await keys.press("Space");
  await follow(keys, page.locator("main form button"));
  await page.locator("code", { hasText: "whsec_" }).waitFor();
  await axe(page);
  await follow(keys, page.locator("main .acts a"));
  await page.waitForURL(/\/webhooks\/\d+$/);
  assert.doesNotMatch(await page.locator("main").innerText(), /whsec_/, "it is shown once");
  await axe(page);
  await follow(keys, page.locator("main a", { hasText: "Pause the webhook" }));
  await page.waitForURL(/\/pause$/);
  await axe(page);
  await follow(keys, page.locator("main form button"));
  await page.waitForURL(/did=paused/);
  const row = page.locator("main tbody tr", { hasText: "receiver.example" });
  assert.match(await row.innerText(), /paused/);
  await follow(keys, row.locator("a"));
  await follow(keys, page.locator("main a", { hasText: "End the webhook" }));
  await page.waitForURL(/\/end$/);
  await axe(page);
  await follow(keys, page.locator("main form button"));
  await page.waitForURL(/did=ended/);
  assert.equal(await row.count(), 0);
});
