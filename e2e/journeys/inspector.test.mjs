// An inspector's visit: let in by the headteacher, reading both registers as they are and as they were known, changing nothing.

import assert from "node:assert/strict";
import { axe } from "../harness.mjs";
import { journey } from "../journey.mjs";

journey("the headteacher lets an inspector in for two days", { role: "headteacher" }, async ({ page, school }) => {
  await page.goto(`${school.address}/staff`);
  await page.click('a[href="/inspections"]');
  await page.waitForURL(/\/inspections$/);
  await axe(page);
  await page.click('a[href="/inspections/new"]');
  await page.fill('main [name="person"]', "Ms Example Reader");
  await page.fill('main [name="body"]', "Ofsted");
  await page.fill('main [name="name"]', "example.reader");
  await axe(page);
  await page.click("main form button");
  assert.match(await page.locator("main").innerText(), /Give the reason/, "a visit has a reason");
  // The browser notes the refused form, which is meant.
  page.complaints = page.complaints.filter((complaint) => !/status of 422/.test(complaint));
  await page.fill('main [name="reason"]', "inspection notified yesterday, badge seen");
  await page.click("main form button");
  assert.match(await page.locator("main h1").innerText(), /one-time password/);
  await axe(page);
  await page.click("main .acts a");
  await page.waitForURL(/\/inspections\/\d+/);
  assert.match(await page.locator("main").innerText(), /open now/);
  await axe(page);
});

journey("an inspector reads both registers and what was known then, and changes nothing", { role: "inspector of registers" }, async ({ page, school }) => {
  await page.goto(`${school.address}/admission-register`);
  assert.ok((await page.locator("main tbody tr").count()) > 10, "the admission register is open");
  await page.goto(`${school.address}/registers?day=2026-11-23&session=am&show=all`);
  await page.locator("main tbody th a").first().click();
  await page.waitForURL(/\/registers\/\d+\//);
  const register = new URL(page.url()).pathname;
  assert.equal(await page.locator("[data-register]").getAttribute("data-state"), "read-only");
  await axe(page);

  await page.locator("footer a", { hasText: "As known at an earlier moment" }).click();
  await page.waitForURL(/\/as-known\?/);
  await axe(page);
  await page.fill('main [name="day"]', "2026-11-23");
  await page.fill('main [name="time"]', "08:30");
  await page.click("main form button");
  await page.waitForURL(/\/as-known\/2026-11-23T08:30\//);
  assert.match(await page.locator(".known").innerText(), /As known at 08:30 on 23 November 2026, number [\d,]+\./);
  await axe(page);
  await page.locator(".known a", { hasText: "What changed since" }).click();
  await page.waitForURL(/\/changes\?/);
  assert.ok((await page.locator("main tbody tr").count()) > 0, "marks were made after half past eight");
  await axe(page);
  await page.goBack();
  await page.locator(".known a", { hasText: "Back to the present" }).click();
  await page.waitForURL(`${school.address}${register}`);

  for (const closed of ["/people", "/imports", "/journal", "/inspections"]) {
    const answer = await page.request.get(`${school.address}${closed}`);
    assert.ok([403, 404].includes(answer.status()), `${closed}: ${answer.status()}`);
  }
});

journey("the headteacher sees every page that the inspector looked at", { role: "headteacher" }, async ({ page, school }) => {
  await page.goto(`${school.address}/inspections`);
  await page.locator("main tbody tr", { hasText: "Testerby" }).locator("a").click();
  await page.waitForURL(/\/inspections\/\d+/);
  const looked = await page.locator("main table").innerText();
  for (const path of ["/admission-register", "/as-known/2026-11-23T08:30/registers/", "/changes"]) {
    assert.ok(looked.includes(path), `${path}: ${looked}`);
  }
});
