// The absence line at eight: forty reports dealt with in fifty keys, one taken by telephone with a sister, and what stands on the board meanwhile.

import assert from "node:assert/strict";
import { axe, views } from "../harness.mjs";
import { journey } from "../journey.mjs";

const role = "attendance administrator";
const buttons = (page) => page.locator("tbody button", { hasText: "Apply" });
const held = (page) => page.locator("table", { has: page.locator("caption", { hasText: "held back" }) }).locator("tbody tr");

/** The day after a day, skipping the weekend. */
function dayAfter(text) {
  const day = new Date(`${text}T12:00:00Z`);
  do day.setUTCDate(day.getUTCDate() + 1); while ([0, 6].includes(day.getUTCDay()));
  return day.toISOString().slice(0, 10);
}

/** Writes down what a parent says of a pupil for a day, as the office does, and counts no key for it. */
async function told(page, school, pupil, said, day) {
  const form = { pupil, said, from: "mother", channel: "voicemail", first: day, last: day, session: "", code: "" };
  const answer = await page.request.post(`${school.address}/absence-line/new`, { form, maxRedirects: 0 });
  assert.equal(answer.status(), 303, await answer.text());
}

journey("what families told this morning stands in one inbox, and what is doubtful is held back with its ground", { role }, async ({ page, school }) => {
  await page.goto(`${school.address}/morning`);
  await page.getByRole("link", { name: "Absence line", exact: true }).click();
  await page.waitForURL(/\/absence-line$/);
  await axe(page);
  assert.ok((await buttons(page).count()) >= 5, "some can be applied");
  const words = await held(page).allInnerTexts();
  assert.ok(words.some((line) => line.includes("The head decides")), words.join("\n"));
  assert.ok(words.some((line) => line.includes("Whom is it about?")));
  await held(page).first().locator("th a").click();
  await page.waitForURL(/\/absence-line\/\d+/);
  await axe(page);
  await page.goto(`${school.address}/absence-line/all`);
  await axe(page);
  assert.match(await page.locator("main").innerText(), /come to \d+ marks/);
  assert.match(await page.locator("main").innerText(), /The register has \//, "a word never makes a child absent who is here");
});

journey("each report is applied by one key, and Ctrl+Z takes the last one back", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/absence-line`);
  const before = await buttons(page).count();
  keys.reset();
  for (let applied = 1; applied <= 3; applied += 1) {
    await keys.press("Enter");
    await page.locator("h1", { hasText: `${before - applied} to apply` }).waitFor();
  }
  assert.equal(keys.count, 3);
  await page.keyboard.press("Control+z");
  await page.locator("h1", { hasText: `${before - 2} to apply` }).waitFor();
  await page.locator(".notice", { hasText: "the register is as it was" }).waitFor();
});

journey("forty reports are dealt with in fifty keys, the doubtful ones one by one", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/pupils`);
  const pupils = await page.locator("main tbody th a[href^='/pupils/']").evaluateAll((links) => links.map((link) => link.getAttribute("href").split("/")[2]));
  await page.goto(`${school.address}/absence-line/new?q=a`);
  const tomorrow = dayAfter(await page.locator("[name=first]").inputValue());
  // What is held back already is set aside, so that only what is told here is counted.
  await page.goto(`${school.address}/absence-line`);
  for (const path of await held(page).locator("th a").evaluateAll((links) => links.map((link) => link.getAttribute("href")))) {
    await page.request.post(`${school.address}${path}/aside`, { form: { why: "Dealt with by telephone" }, maxRedirects: 0 });
  }
  for (const [place, pupil] of pupils.slice(-40).entries()) await told(page, school, pupil, place % 10 === 9 ? "At the doctor" : "Temperature and a cough", tomorrow);
  await page.goto(`${school.address}/absence-line`);
  const [ready, doubtful] = [await buttons(page).count(), await held(page).count()];
  assert.ok(ready + doubtful >= 40, `${ready} and ${doubtful}`);
  assert.ok(doubtful >= 4, `${doubtful} doubtful`);
  await axe(page);
  keys.reset();
  await keys.press("a");
  await page.waitForURL(/\/absence-line\/all/);
  await page.locator("button:focus", { hasText: "Apply" }).waitFor();
  await keys.press("Enter");
  await page.locator(".notice", { hasText: /Applied \d+ reports/ }).waitFor();
  const left = (await held(page).count()) - doubtful;
  // What the register itself speaks against is looked at, not entered: here a child who is present.
  for (let open = doubtful; open > 0; open -= 1) {
    const row = held(page).filter({ hasNotText: "The register has" }).first().locator("th a");
    await keys.tabTo(row);
    await keys.press("Enter");
    await page.waitForURL(/\/absence-line\/\d+/);
    await page.locator("#code:focus").waitFor();
    await keys.press("Enter");
    await page.waitForURL(/did=applied/);
  }
  assert.equal(await held(page).count(), left);
  assert.ok(keys.count <= 50, `${keys.count} keys for ${ready + doubtful} reports`);
});

journey("a call is written down by a few letters and Enter, and it is no mark until somebody applies it", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/pupils`);
  const name = (await page.locator("main tbody th a[href^='/pupils/']").nth(20).innerText()).trim();
  await page.goto(`${school.address}/absence-line`);
  await page.locator("body").click({ position: { x: 2, y: 2 } });
  await keys.press("n");
  await page.locator("#q:focus").waitFor();
  await axe(page);
  await keys.type(name.split(",")[0].slice(0, 3));
  await keys.press("Enter");
  await page.locator("[name=said]:focus").waitFor();
  await axe(page);
  await keys.type("Migraine");
  await keys.press("Enter");
  await page.waitForURL(/did=taken/);
  await page.locator("td", { hasText: "Migraine" }).first().waitFor();
  await page.locator(".notice", { hasText: "no mark until somebody applies it" }).waitFor();
});

journey("a parent tells of an absence from a phone by their own link, without script, and it is in the inbox", { role, view: views.phone }, async ({ page, school }) => {
  await page.goto(`${school.address}/pupils`);
  const pupils = await page.locator("main tbody th a[href^='/pupils/']").evaluateAll((links) => links.map((link) => link.getAttribute("href").split("/")[2]));
  // Somebody with parental responsibility and no court order, whom the school may contact.
  for (const pupil of pupils) {
    await page.goto(`${school.address}/absence-line/links/${pupil}`);
    if (await page.locator("button", { hasText: "Make a link" }).count()) break;
  }
  await axe(page);
  await page.locator("button", { hasText: "Make a link" }).first().click();
  const address = await page.locator("#address").inputValue();
  assert.match(address, /\/from-home\/1-[0-9a-f]{40}$/);
  await axe(page);
  const home = await page.context().browser().newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
  try {
    const phone = await home.newPage();
    await phone.goto(address);
    assert.equal((await phone.context().cookies()).length, 0, "nobody signs in");
    for (const child of await phone.locator("input[name^=child-]").all()) await child.check();
    await phone.getByLabel("Ill", { exact: true }).check();
    await phone.getByLabel("In a few words").fill("A bad cold");
    await phone.getByRole("button", { name: "Tell the school" }).click();
    await phone.getByText("Thank you for telling us").waitFor();
    const wide = await phone.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 360, `${wide} wide`);
  } finally {
    await home.close();
  }
  await page.goto(address);
  await axe(page);
  await page.goto(`${school.address}/absence-line`);
  await page.locator("td", { hasText: "Ill: A bad cold" }).first().waitFor();
});

journey("a parent sends a photo of a card with the report, and whoever may opens it after a warning as a download", { role: "attendance manager" }, async ({ page, school }) => {
  await page.goto(`${school.address}/pupils`);
  const pupils = await page.locator("main tbody th a[href^='/pupils/']").evaluateAll((links) => links.map((link) => link.getAttribute("href").split("/")[2]));
  for (const pupil of pupils) {
    await page.goto(`${school.address}/absence-line/links/${pupil}`);
    if (await page.locator("button", { hasText: "Make a link" }).count()) break;
  }
  await page.locator("button", { hasText: "Make a link" }).first().click();
  const address = await page.locator("#address").inputValue();
  const photo = { name: "IMG_1.jpg", mimeType: "image/jpeg", buffer: Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(" an appointment card")]) };
  const home = await page.context().browser().newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
  try {
    const phone = await home.newPage();
    await phone.goto(address);
    for (const child of await phone.locator("input[name^=child-]").all()) await child.check();
    await phone.getByLabel("A medical or dental appointment").check();
    await phone.getByLabel("In a few words").fill("Dentist, see the card");
    await phone.locator("#files").setInputFiles({ name: "card.html", mimeType: "text/html", buffer: Buffer.from("<script>") });
    await phone.getByRole("button", { name: "Tell the school" }).click();
    await phone.getByText("“card.html” was not kept").waitFor();
    await phone.getByText("We have it at").waitFor();
    await phone.locator("#files").setInputFiles(photo);
    await phone.getByRole("button", { name: "Send it" }).click();
    await phone.getByText("Your file came with it.").waitFor();
    const wide = await phone.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 360, `${wide} wide`);
  } finally {
    await home.close();
  }
  await page.goto(`${school.address}/absence-line`);
  const row = page.locator("tr", { hasText: "Dentist, see the card" }).first();
  assert.match(await row.innerText(), /a file came with it/);
  await row.locator("th a").click();
  await page.locator("#evidence").waitFor();
  await axe(page);
  await page.locator("#evidence a").first().click();
  await page.getByText("Nobody has scanned this file").waitFor();
  await axe(page);
  const arrives = page.waitForEvent("download");
  await page.getByRole("button", { name: "I have read this: download it" }).click();
  const file = await arrives;
  assert.match(file.suggestedFilename(), /^evidence-\d+\.jpeg$/);
});

journey("a report that comes in stands in the open inbox within moments, and the cursor stays on its row", { role }, async ({ page, school }) => {
  await page.goto(`${school.address}/pupils`);
  const pupils = await page.locator("main tbody th a[href^='/pupils/']").evaluateAll((links) => links.map((link) => link.getAttribute("href").split("/")[2]));
  await page.goto(`${school.address}/absence-line/new?q=a`);
  // A day of which no other journey tells.
  let nextWeek = await page.locator("[name=first]").inputValue();
  for (let days = 0; days < 5; days += 1) nextWeek = dayAfter(nextWeek);
  await told(page, school, pupils[5], "A fever that stood there before", nextWeek);
  await page.goto(`${school.address}/absence-line`);
  await page.evaluate(() => { window.sameDocument = true; });
  const own = page.locator("tr", { hasText: "A fever that stood there before" }).getByRole("button");
  await own.focus();
  const before = await own.evaluate((button) => button.closest("form").getAttribute("action"));
  await told(page, school, pupils[6], "A cold that came in while the page was open", nextWeek);
  await page.locator("td", { hasText: "came in while the page was open" }).waitFor();
  assert.equal(await page.evaluate(() => window.sameDocument), true, "without reloading");
  assert.equal(await page.locator("button:focus").evaluate((button) => button.closest("form").getAttribute("action")), before);
  await axe(page);
});

journey("an office sets the mailbox up by keyboard, sees what is no report, and what families wrote stands in the inbox", { role: "attendance manager" }, async ({ page, school }) => {
  await page.goto(`${school.address}/absence-line`);
  await page.locator("td", { hasText: "stays at home today" }).first().waitFor();
  await page.getByRole("link", { name: "Mailbox", exact: true }).click();
  await page.waitForURL(/\/absence-line\/mailbox$/);
  await page.getByText("Training: no mailbox is read").waitFor();
  await page.locator("tr", { hasText: "Out of office" }).getByText("written by a program").waitFor();
  await axe(page);
  await page.getByRole("link", { name: "Set it up" }).click();
  await page.waitForURL(/\/set-up$/);
  await axe(page);
  await page.getByLabel("Mail server (IMAP)").fill("mail.hill.example");
  await page.getByLabel("Signs in as").fill("absence@hill.example");
  await page.getByLabel("Password").fill("words of a demo school");
  await page.keyboard.press("Enter");
  await page.getByText("The password is sealed and is not shown again").waitFor();
  assert.match(await page.locator("dl.facts").innerText(), /mail\.hill\.example, port 993/);
  assert.ok(!(await page.content()).includes("words of a demo school"));
  await axe(page);
  await page.getByRole("button", { name: "Stop reading it" }).click();
  await page.getByText("The mailbox is read no more").waitFor();
});

journey("the page of the mailbox can be read on a phone", { role: "attendance manager", view: views.phone }, async ({ page, school }) => {
  await page.goto(`${school.address}/absence-line/mailbox`);
  await page.getByText("Training: no mailbox is read").waitFor();
  await axe(page);
});
