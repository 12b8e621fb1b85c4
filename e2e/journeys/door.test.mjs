// The late door: who comes late is in the register with a few keys.

import assert from "node:assert/strict";
import { axe, openPage, signIn, views } from "../harness.mjs";
import { journey } from "../journey.mjs";

/** The name of a pupil who is not marked yet, as the list of registers leads to one. */
async function missing(page, school) {
  await page.goto(`${school.address}/registers`);
  const register = await page.locator('main table a[href^="/registers/"]').first().getAttribute("href");
  await page.goto(`${school.address}${register}`);
  await page.locator("table[role=grid]").waitFor();
  const rows = await page.locator("table[role=grid] tbody tr").evaluateAll((all) =>
    all.filter((row) => row.querySelector(".c-mark .mk").textContent.trim() === "·" && !row.dataset.planned).map((row) => row.querySelector(".c-name").innerText.split("\n")[0].trim()));
  assert.ok(rows.length > 0, "somebody is not marked yet");
  return { register, name: rows[0] };
}

const markBeside = (page, name) => page.locator("table[role=grid] tbody tr").filter({ hasText: name }).locator(".c-mark .mk").innerText();

journey("a late pupil is in the register with the letters of the name and Enter, and the reason is one key", { role: "attendance manager" }, async ({ page, keys, school }) => {
  const { register, name } = await missing(page, school);
  await page.goto(`${school.address}/door`);
  await page.locator("#who").waitFor();
  await page.waitForFunction(() => document.activeElement?.id === "who" && document.activeElement.getAttribute("role") === "combobox");
  await axe(page);
  keys.reset();
  // As many letters as it takes until the pupil stands first: three for most names.
  const [surname, forename] = name.toLowerCase().split(", ");
  const typed = `${surname.slice(0, 2)} ${forename}`;
  let letters = 0;
  const first = () => page.locator("#who-found li").first().innerText().catch(() => "");
  while (letters < typed.length && !(letters >= 3 && (await first()).includes(name))) await keys.type(typed[letters++]);
  await keys.press("Enter");
  await page.locator('.last[data-outcome="entered"]').waitFor();
  assert.equal(keys.count, letters + 1);
  assert.ok((await page.locator(".last h2").innerText()).includes(name));
  assert.match(await page.locator(".last").innerText(), /Late (once|\d+ times) this half-term; \d+ counted in 10 school days/);
  await keys.press("1");
  await page.locator('.last button[aria-pressed="true"]').getByText("Overslept").waitFor();
  await page.waitForTimeout(600);
  await axe(page);

  await page.goto(`${school.address}${register}`);
  await page.locator("table[role=grid]").waitFor();
  assert.equal((await markBeside(page, name)).trim(), "L");
  await page.goto(`${school.address}/door/log`);
  assert.match(await page.locator("main table tbody tr").filter({ hasText: name }).innerText(), /Overslept/);
  await axe(page);

  // Typed for the wrong pupil: taken back with its mark.
  await page.goto(`${school.address}/door`);
  await page.getByRole("button", { name }).click();
  await page.keyboard.press("Control+z");
  await page.getByText(/blank again/).first().waitFor();
  await page.goto(`${school.address}${register}`);
  await page.locator("table[role=grid]").waitFor();
  assert.equal((await markBeside(page, name)).trim(), "·");
});

journey("who leaves is off the fire list at once and back on it when they return; the mark stays", { role: "attendance manager" }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/site?show=on-site`);
  const row = page.locator("main table tbody tr").first();
  const name = (await row.locator("th").innerText()).trim();
  await axe(page);
  await row.getByRole("link", { name: "Sign out" }).click();
  await page.getByLabel("Expected back").fill("23:50");
  await page.getByLabel("Somebody else").fill("Grandmother, known to the office");
  await axe(page);
  await page.getByRole("button", { name: "Sign out now" }).click();
  await page.getByText(/The mark in the register stays/).waitFor();
  const out = page.locator("main table tbody tr").filter({ hasText: name });
  assert.match(await out.innerText(), /signed out \d\d:\d\d, expected 23:50, with Grandmother/);
  await out.getByRole("button", { name: "Back now" }).click();
  await page.getByText("Signed in.").waitFor();
  await page.goto(`${school.address}/site/log`);
  assert.equal(await page.locator("main table tbody tr").filter({ hasText: name }).count(), 2);
  await axe(page);
});

/** The number of people who are still to be found, as a phone shows it. */
const missingOn = (phone) => phone.locator(".fire-head [data-missing]").getAttribute("data-missing").then(Number);

journey("after an alarm two phones tick people off, one of them without a network, and come to one count", { role: "teacher", view: views.phone }, async ({ page, school }) => {
  const other = await openPage(page.context().browser(), views.phone);
  await signIn(other, school, "attendance manager");
  for (const phone of [page, other]) {
    await phone.goto(`${school.address}/fire`);
    await phone.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await phone.locator(".fire-head").waitFor();
  }
  await axe(page);
  await other.getByRole("button", { name: "Begin a drill" }).click();
  const all = await missingOn(other);
  assert.ok(all > 50, `${all} to be found`);
  await page.locator(".fire-head [data-missing]").waitFor(); // heard of through the school
  assert.equal(await missingOn(page), all);

  // The teacher's phone loses the network, is opened again, and ticks a form off.
  await page.context().setOffline(true);
  await page.goto(`${school.address}/fire`);
  await page.locator(".fire-head [data-missing]").waitFor();
  const tiles = page.locator(".tiles .tile");
  await tiles.nth(1).click();
  const people = page.locator(".people .person");
  for (let place = 0; place < 3; place += 1) await people.nth(place).click();
  assert.equal(await missingOn(page), all - 3);
  await page.getByText(/No network: 3 ticks are kept on this phone/).waitFor();
  await axe(page);

  // The other ticks two of another form, and one of the same people: the same person counts once.
  await other.locator(".tiles .tile").nth(2).click();
  for (let place = 0; place < 2; place += 1) await other.locator(".people .person").nth(place).click();
  await other.locator(".tiles .tile").nth(1).click();
  await other.locator(".people .person").nth(0).click();
  assert.equal(await missingOn(other), all - 3);

  await page.context().setOffline(false);
  for (const phone of [page, other]) {
    await phone.waitForFunction((wanted) => Number(document.querySelector(".fire-head [data-missing]")?.dataset.missing) === wanted, all - 5);
  }
  await other.getByLabel("Note for the record").fill("Side gate was locked");
  await other.getByRole("button", { name: "End", exact: true }).click();
  await other.waitForTimeout(1_500);
  await other.goto(`${school.address}/fire/drills`);
  const record = await other.locator("main table tbody tr").filter({ hasText: "Side gate was locked" }).filter({ hasText: "not all" }).innerText();
  assert.match(record, /drill/);
  await axe(other);
  await other.goto(`${school.address}/fire/print`);
  await other.getByText("Names in brackets").waitFor();
  page.complaints = page.complaints.filter((complaint) => !/ERR_INTERNET_DISCONNECTED|ERR_FAILED/.test(complaint));
  await other.context().close();
});

/** The pupil's forename and tutor group, as the register has them. */
async function touchable(page, school) {
  const { register, name } = await missing(page, school);
  const group = await page.locator(".register-head h1").evaluate((heading) => heading.firstChild.textContent.trim());
  const [surname, forename] = name.split(", ");
  return { register, name, surname, forename, group };
}

journey("a pupil signs in at the kiosk by touch, with and without a network, and no session is behind it", { role: "attendance manager" }, async ({ page, school }) => {
  const late = await touchable(page, school);
  await page.goto(`${school.address}/door`);
  await page.getByRole("link", { name: /^Kiosks/ }).click();
  await page.getByRole("heading", { name: /^Kiosks/ }).waitFor();
  await axe(page);
  await page.getByLabel("Where it stands").fill("Side gate");
  await page.getByRole("button", { name: "Sign me out and start the kiosk here" }).click();
  await page.waitForURL(`${school.address}/kiosk`);
  await page.getByRole("heading", { name: "Late? Scan your card" }).waitFor();
  await page.waitForFunction(() => document.activeElement?.id === "card");
  await axe(page);
  assert.ok(!(await page.locator("main").innerText()).includes(late.surname), "nobody is shown before anything is touched");

  // Tutor group, three letters, the name: touched.
  await page.getByRole("button", { name: "No card? Touch your name" }).click();
  for (const size of await page.locator(".kiosk-keys button").evaluateAll((all) => all.map((one) => one.getBoundingClientRect()))) assert.ok(Math.min(size.width, size.height) >= 44, "a touch needs 44 px");
  await page.getByRole("button", { name: late.group, exact: true }).click();
  await axe(page);
  for (const letter of late.surname.normalize("NFD").replace(/[^A-Za-z]/g, "").slice(0, 3).toUpperCase()) await page.locator(".kiosk-keys").getByRole("button", { name: letter, exact: true }).click();
  await page.getByRole("button", { name: new RegExp(`^${late.forename} ${late.surname[0]}`) }).click();
  await page.getByText(new RegExp(`Thank you, ${late.forename}. You are in at \\d\\d:\\d\\d.`)).waitFor();
  await page.getByRole("button", { name: "Overslept" }).click();
  await page.getByText("Thank you for telling us.").waitFor();
  await axe(page);
  await page.getByRole("heading", { name: "Late? Scan your card" }).waitFor(); // by itself, for the next

  // Without a network, and the page loaded again: a card is kept on the device, and goes in.
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.context().setOffline(true);
  await page.goto(`${school.address}/kiosk`);
  await page.getByRole("heading", { name: "Late? Scan your card" }).waitFor();
  await page.keyboard.type("55501");
  await page.keyboard.press("Enter");
  await page.getByText(/You are noted at \d\d:\d\d/).waitFor();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByText(/No network: 1 arrival is kept on this device/).waitFor();
  await axe(page);
  await page.context().setOffline(false);
  await page.waitForFunction(() => !/kept on this device/.test(document.querySelector("main").innerText));

  // The office sees whom the register has, and ends the kiosk; the device opens nothing else.
  const office = await openPage(page.context().browser(), views.light);
  await signIn(office, school, "attendance manager");
  await office.goto(`${school.address}${late.register}`);
  await office.locator("table[role=grid]").waitFor();
  assert.equal((await markBeside(office, late.name)).trim(), "L");
  await office.goto(`${school.address}/door/log`);
  const row = await office.locator("main table tbody tr").filter({ hasText: late.name }).filter({ hasText: "Side gate" }).innerText();
  assert.match(row, /Overslept/);
  await office.goto(`${school.address}/door/kiosks`);
  await office.getByRole("button", { name: "End the kiosk at Side gate" }).click();
  await office.getByText("Ended. Its device says so").waitFor();
  assert.deepEqual(office.complaints, []);
  await office.context().close();
  await page.goto(`${school.address}/door`);
  await page.waitForURL(/\/sign-in/);
  await page.goto(`${school.address}/kiosk`);
  await page.getByRole("heading", { name: "This kiosk has ended" }).waitFor();
  await axe(page);
  page.complaints = page.complaints.filter((complaint) => !/ERR_INTERNET_DISCONNECTED|ERR_FAILED|status of 401/.test(complaint));
});

journey("the fire list is on paper with one key, with its time and the journal's number, and the last one is named on the fire page", { role: "attendance manager" }, async ({ page, keys, school }) => {
  await page.addInitScript(() => { window.print = () => { window.printed = (window.printed ?? 0) + 1; }; });
  await page.goto(`${school.address}/fire/copies`);
  await axe(page);
  keys.reset();
  await keys.press("p");
  await page.waitForURL(/\/fire\/copies\/\d+\?print=yes/);
  assert.equal(keys.count, 1);
  await page.waitForFunction(() => window.printed === 1);
  assert.match(await page.locator("main").innerText(), /Journal number [\d,]+\. \d+ to be found: \d+ pupils, \d+ staff, \d+ visitors/);
  await axe(page);
  await page.getByRole("button", { name: /^Print/ }).click();
  await page.waitForFunction(() => window.printed === 2);
  const paper = await page.pdf({ preferCSSPageSize: true });
  assert.ok(paper.length > 10_000, "it prints");
  await page.goto(`${school.address}/fire`);
  await page.getByText(/^On paper: .*, journal number [\d,]+/).first().waitFor();
  keys.reset();
  await keys.press("p");
  await page.waitForFunction(() => window.printed === 1);
  assert.equal(keys.count, 1);
});

journey("a truancy sweep and a pupil whom it met are written down, with the mark of that minute", { role: "attendance manager" }, async ({ page, school }) => {
  const { name } = await missing(page, school);
  await page.goto(`${school.address}/sweeps`);
  await axe(page);
  await page.getByRole("link", { name: "Write a sweep down" }).click();
  await page.getByLabel("Area").fill("Sampleton High Street");
  await page.getByLabel("Designated premises").fill("Sampleton Library");
  await page.getByLabel("Officers").fill("PC 1042");
  await axe(page);
  await page.keyboard.press("Enter");
  await page.getByText("Find each pupil whom the officers met").waitFor();
  await page.getByLabel("Find a pupil whom they met").fill(name.replace(",", ""));
  await page.keyboard.press("Enter");
  await page.locator("main").getByRole("link", { name }).click();
  await page.getByLabel("Met at").fill("08:35");
  await page.getByLabel("Place").fill("Bus station");
  await page.getByLabel("Officer").fill("PC 1042");
  await page.getByLabel("Account given").fill("None given");
  await page.getByLabel("Taken to").fill("School");
  await axe(page);
  await page.getByRole("button", { name: "Write it down" }).click();
  await page.getByRole("heading", { name: "Pupils met" }).waitFor();
  const row = page.locator("main table tbody tr").filter({ hasText: name });
  await row.waitFor();
  assert.match(await row.innerText(), /08:35, Bus station[\s\S]*None given[\s\S]*not yet/);
  await row.getByRole("textbox").fill("Mother, 08:45");
  await row.getByRole("button", { name: "Parent told" }).click();
  await page.getByText("Mother, 08:45").waitFor();
  await axe(page);
});

journey("a pupil who left the site is followed on the red clock, and the safeguarding lead decides about the police", { role: "designated safeguarding lead" }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/left-site`);
  await axe(page);
  const row = page.locator("main table tbody tr").filter({ hasText: "seen by the site team" });
  assert.match(await row.innerText(), /Parent told, due \d\d:\d\d/, "the cameras of the demo school were looked at");
  const name = (await row.locator("th a").innerText()).trim();
  const onFireList = async () => {
    const list = await (await page.request.get(`${school.address}/fire/ahead`)).json();
    return list.people.find((one) => one.name === name);
  };
  assert.equal((await onFireList()).place, "in", "nobody has seen them off the site");
  await row.getByRole("textbox").focus();
  await keys.type("Mother, on her way");
  await keys.press("Enter");
  await row.getByText(/Parent told by .*Mother, on her way/).waitFor();
  await row.getByRole("button", { name: "Safeguarding lead told" }).click();
  await row.getByText("Safeguarding lead decides about the police").waitFor();
  const note = async (what, words) => {
    await row.getByRole("combobox").selectOption({ label: what });
    await row.getByRole("textbox").fill(words);
    await row.getByRole("button", { name: "Note it" }).click();
  };
  await note("Safeguarding lead decided: police not told now", "Mother is with him");
  await row.getByText(/police not told now by .*Mother is with him/).waitFor();
  await note("Safe elsewhere", "At home with his mother");
  await row.getByText(/Return-to-school conversation held, due by the end of/).waitFor();
  await axe(page);
  assert.equal((await onFireList()).place, "out", "who is safe elsewhere is not looked for (R-035)");
});
