// A visit to a home, from the row of the board to the record at the door: planned with one key, made ready, watched while the pair is out.

import assert from "node:assert/strict";
import { axe, views } from "../harness.mjs";
import { journey } from "../journey.mjs";

const role = "attendance manager";

journey("a visit is planned from the board with one key, made ready, made and recorded by keyboard", { role }, async ({ page, keys, school }) => {
  // A page hears keys once its scripts have run.
  const press = async (key) => {
    await page.waitForLoadState();
    await keys.press(key);
  };
  await page.goto(`${school.address}/morning`);
  await page.locator("tr[data-row]").first().waitFor();
  const free = page.locator("tr[data-row]").filter({ hasText: "no call yet" }).filter({ hasNotText: "until" }).first();
  const name = (await free.locator("th a").innerText()).trim();
  await free.locator("th a").focus();
  await keys.press("Enter");
  await page.locator("[data-part=row]").waitFor();
  keys.reset();
  await keys.press("v");
  await page.locator("[data-said]", { hasText: "stands in today's round" }).waitFor();
  assert.equal(keys.count, 1, "one key plans it");
  await page.locator("[data-part=row] a", { hasText: "Visit to the home" }).focus();
  await keys.press("Enter");
  await page.locator("h1", { hasText: "Visit:" }).waitFor();
  await axe(page);

  // Nobody leaves without a risk check and a second person: there is no key for it yet.
  assert.equal(await page.locator("[data-key=l]").count(), 0);
  await press("k");
  await page.locator("h1", { hasText: "Risk check" }).waitFor();
  await axe(page);
  for (const question of ["dogs", "violence", "weapons", "agency", "never_alone"]) await page.locator(`#${question}`).selectOption("no");
  await page.locator("form button", { hasText: "Keep the risk check" }).focus();
  await keys.press("Enter");
  await page.locator(".notice", { hasText: "The risk check is kept" }).waitFor();
  await press("p");
  await page.locator("h1", { hasText: "Who goes" }).waitFor();
  await axe(page);
  await page.locator("#one").selectOption({ index: 1 });
  await page.locator("#two").selectOption({ index: 2 });
  await page.locator("#phone").fill("07700 900461");
  await page.locator("form button", { hasText: "Keep who goes" }).focus();
  await keys.press("Enter");
  await page.locator(".notice", { hasText: "It is kept who goes" }).waitFor();
  await press("l");
  await page.locator(".notice", { hasText: "They are out" }).waitFor();

  // They are on the board and in the round at once.
  await page.goto(`${school.address}/visits`);
  await axe(page);
  const row = page.locator("tr[data-row]", { hasText: name });
  assert.match(await row.innerText(), /out since/);
  await row.locator("th a").focus();
  await keys.press("Enter");
  await page.locator("[data-key=o]").waitFor();
  await press("o");
  await page.locator("h1", { hasText: "What was found" }).waitFor();
  await axe(page);
  await page.locator("input[name=found][value=seen]").focus();
  await keys.press(" ");
  await page.locator("#seen_by").selectOption({ index: 1 });
  await page.locator("#seen_where").fill("at the door");
  await page.locator("#alone").selectOption("yes");
  await page.locator("#answered_by").fill("Aunt");
  await page.locator("form button", { hasText: "Keep the record" }).focus();
  await keys.press("Enter");
  await page.locator(".notice", { hasText: "the day's absence knows of it" }).waitFor();
  await press("b");
  await page.locator(".notice", { hasText: "They are back" }).waitFor();
  await axe(page);
  await page.goto(`${school.address}/morning`);
  await page.locator("tr[data-row]").first().waitFor();
  assert.equal(await page.locator("tr[data-row]", { hasText: name }).count(), 0, "a child who was seen is located");
});

journey("a child is brought to school from home by keyboard, and nobody leaves before a parent has agreed", { role }, async ({ page, keys, school }) => {
  const press = async (key) => {
    await page.waitForLoadState();
    await keys.press(key);
  };
  const keep = async (button, notice) => {
    await page.locator("form button", { hasText: button }).focus();
    await keys.press("Enter");
    await page.locator(".notice", { hasText: notice }).waitFor();
  };
  await page.goto(`${school.address}/morning`);
  const free = page.locator("tr[data-row]").filter({ hasText: "no call yet" }).filter({ hasNotText: "until" }).first();
  await free.locator("th a").focus();
  await keys.press("Enter");
  await page.locator("[data-part=row] a", { hasText: "Bring the child to school" }).focus();
  await keys.press("Enter");
  await page.locator("h1", { hasText: "Plan a visit" }).waitFor();
  assert.ok(await page.locator("input[name=kind][value=collection]").isChecked());
  await axe(page);
  await keep("Plan the visit", "The visit is planned");
  const visit = page.url().replace(/\?.*/, "");
  await press("k");
  await page.locator("h1", { hasText: "Risk check" }).waitFor();
  for (const question of ["dogs", "violence", "weapons", "agency", "never_alone"]) await page.locator(`#${question}`).selectOption("no");
  await keep("Keep the risk check", "The risk check is kept");
  await press("p");
  await page.locator("h1", { hasText: "Who goes" }).waitFor();
  await page.locator("#one").selectOption({ index: 1 });
  await page.locator("#two").selectOption({ index: 2 });
  await page.locator("#phone").fill("07700 900461");
  await page.locator("#vehicle").fill("School car");
  await keep("Keep who goes", "It is kept who goes");
  assert.equal(await page.locator("[data-key=l]").count(), 0, "nobody leaves yet");
  await press("c");
  await page.locator("h1", { hasText: "Bring the child to school" }).waitFor();
  await axe(page);
  await page.locator("#driver").selectOption({ index: 1 });
  await page.locator("input[name=licence_seen]").focus();
  await keys.press(" ");
  await page.locator("#insured_until").fill("2027-03-31");
  await page.locator("#seating").fill("In the back on the left");
  await page.locator("#consent").selectOption("this_trip");
  await page.locator("#consent_by").fill("Mother, by telephone");
  await page.locator("#consent_on").fill("2026-11-24");
  await page.locator("#way_home").fill("The usual bus");
  await keep("Keep it", "It is kept how the child comes to school");
  await axe(page);
  await press("l");
  await page.locator(".notice", { hasText: "They are out" }).waitFor();
  await press("s");
  await page.locator(".notice", { hasText: "The child is on the way" }).waitFor();
  await axe(page);
  await press("i");
  await page.locator(".notice", { hasText: "The child is at school" }).waitFor();
  await page.goto(`${school.address}/visits/collections`);
  await page.locator("main table tbody tr").filter({ has: page.locator(`a[href="${new URL(visit).pathname}"]`) }).getByText(/at school at/).waitFor();
  await axe(page);
});

journey("the round is put in order by key", { role }, async ({ page, keys, school }) => {
  for (let more = 0; more < 2; more += 1) {
    await page.goto(`${school.address}/visits/find?q=a`);
    await page.locator("tbody th a").nth(more * 3).click();
    await page.locator("form button", { hasText: "Plan the visit" }).click();
    await page.locator("h1", { hasText: "Visit:" }).waitFor();
  }
  await page.goto(`${school.address}/visits`);
  const rows = page.locator("tr[data-row]");
  const last = (await rows.count()) - 1;
  const moved = await rows.nth(last).getAttribute("data-row");
  await rows.nth(last).locator("th a").focus();
  keys.reset();
  await Promise.all([page.waitForURL(/at=/), keys.press("Shift+ArrowUp")]);
  assert.equal(keys.count, 1);
  assert.equal(await rows.nth(last - 1).getAttribute("data-row"), moved);
  assert.equal(await page.evaluate(() => document.activeElement.closest("tr")?.dataset.row), moved, "the reader stands on it still");
  await axe(page);
});

for (const view of ["dark", "phone"]) {
  journey(`the round, a visit, its sheet and the visits so far are sound in ${view}`, { role, view: views[view] }, async ({ page, school }) => {
    await page.goto(`${school.address}/visits`);
    await axe(page);
    await page.locator("tr[data-row] th a").first().click();
    await page.locator("h1", { hasText: "Visit:" }).waitFor();
    await axe(page);
    for (const path of ["/visits/sheet", "/visits/log", "/visits/find", "/visits/collections"]) {
      await page.goto(`${school.address}${path}`);
      await axe(page);
    }
  });
}
