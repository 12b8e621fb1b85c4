// The first message of the morning: two keys, and a preview of every message between them; what became of each; an answer of a family.

import assert from "node:assert/strict";
import { axe } from "../harness.mjs";
import { journey } from "../journey.mjs";

const role = "attendance manager";

journey("what went this morning stands there with what became of it and what families answered", { role }, async ({ page, school }) => {
  await page.goto(`${school.address}/messages`);
  await axe(page);
  const words = await page.locator("main").innerText();
  assert.match(words, /delivered/);
  assert.match(words, /has a temperature/, "a family answered");
  assert.match(words, /not certain/, "and a number that nobody has waits for a person");
  await page.locator("main tr", { hasText: "no reason" }).locator('th a[href^="/messages/"]').click();
  await page.waitForURL(/\/messages\/\d+/);
  await axe(page);
  assert.match(await page.locator("main").innerText(), /failed for good/);
});

journey("the first message goes to every family without a reason by two keys and a look at every message", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/messages`);
  keys.reset();
  await keys.press("Enter");
  await page.waitForURL(/\/messages\/first/);
  const shown = await page.locator('main input[name="send"]').count();
  assert.ok(shown >= 3, `${shown} messages are shown, each with its words`);
  for (const words of await page.locator("main .words").allInnerTexts()) {
    assert.match(words, /not in school this morning/);
    assert.doesNotMatch(words, /\(\(/, "no field is left empty");
  }
  await axe(page);
  await keys.press("Enter");
  await page.waitForURL(/\/messages\/\d+/);
  assert.equal(keys.count, 2);
  await page.locator("td", { hasText: "handed over" }).or(page.locator("td", { hasText: "delivered" })).first().waitFor({ timeout: 30_000 });
  assert.equal(await page.locator("main tbody tr").count(), shown);
  await page.goto(`${school.address}/messages/first`);
  assert.equal(await page.locator('main input[name="send"]').count(), 0, "nobody is offered a second one");
  assert.match(await page.locator("main").innerText(), /had a message at/);
});

journey("somebody who looks after the settings sees how messages leave, and nobody a secret", { role: "system administrator" }, async ({ page, school }) => {
  await page.goto(`${school.address}/messages/channels`);
  await axe(page);
  assert.match(await page.locator("main").innerText(), /kept and sent to nobody/);
  await page.goto(`${school.address}/messages/channels/notify`);
  await axe(page);
  await page.goto(`${school.address}/messages/channels/mail`);
  await axe(page);
});
