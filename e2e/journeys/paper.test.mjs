// What leaves the screen: every list as CSV and as a workbook, and pages on A4.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { readCsv, readWorkbook } from "../files.mjs";
import { axe, views } from "../harness.mjs";
import { journey } from "../journey.mjs";

const role = "attendance manager";

const lists = [
  "/registers?show=all", "/pupils", "/admission-register", "/groups", "/people", "/figures", "/figures?show=characteristics", "/why?who=school",
  "/lists/persistent", "/lists/severe", "/lists/at-risk", "/lists/unexplained", "/lists/missing-marks", "/lists/missing-marks?by=pupil", "/lists/penalty-window",
];

journey("every list is taken away as CSV and as a workbook, and both say the same", { role }, async ({ page, school }) => {
  for (const list of lists) {
    await page.goto(`${school.address}${list}`);
    const ways = page.locator("main .exports").first();
    const address = await ways.locator("[name=list]").inputValue();
    const fetched = async (label) => {
      const format = await ways.getByRole("button", { name: label, exact: true }).getAttribute("value");
      const form = { list: address, format, reason: "Every list is looked at" };
      const answer = await page.request.post(`${school.address}/take-away`, { form });
      assert.equal(answer.status(), 200, `${address} as ${format}`);
      const name = answer.headers()["content-disposition"].match(/filename="?([^";]+)/)[1];
      assert.match(name, /2026-11-24.*\.(csv|xlsx)$/, `${list}: school, kind, date`);
      return answer.body();
    };
    const text = readCsv((await fetched("CSV")).toString("utf8")).filter((row) => row.some((cell) => cell !== ""));
    const sheet = readWorkbook(await fetched("Excel")).filter((row) => row.some((cell) => cell !== ""));
    assert.equal(sheet.length, text.length, `${list}: as many rows in the workbook`);
    assert.ok(text.length > 2, `${list}: ${text.length} rows`);
    // Words are the same in both; numbers and days are cells of their own kind in a workbook.
    for (const [index, row] of text.entries()) assert.equal(sheet[index][0], row[0], `${list}, row ${index + 1}`);
    assert.ok(text.flat().every((cell) => !/^[=+@]/.test(cell)), `${list}: no cell that a spreadsheet would reckon (I-037)`);
  }
});

journey("a list is downloaded by key", { role }, async ({ page, keys, school }) => {
  await page.goto(`${school.address}/lists/severe`);
  const arriving = page.waitForEvent("download");
  await keys.tabTo(page.locator("main .under").getByRole("button", { name: "Excel" }), 400);
  await keys.press("Enter");
  const arrived = await arriving;
  assert.match(arrived.suggestedFilename(), /\.xlsx$/);
  const rows = readWorkbook(await readFile(await arrived.path()));
  const name = (await page.locator("main tbody th").first().innerText()).trim();
  assert.ok(rows.some((row) => row[0] === name), `${name} is in it`);
});

journey("a list of many pupils leaves with a reason, by key, and the reason given last is one Enter away", { role }, async ({ page, keys, school }) => {
  const take = async () => {
    await page.goto(`${school.address}/pupils`);
    await keys.tabTo(page.locator("main .under").getByRole("button", { name: "CSV" }), 400);
    await keys.press("Enter");
    await page.getByRole("heading", { name: /Why are you taking this list away/ }).waitFor();
    await axe(page);
  };
  const enter = async () => {
    const arriving = page.waitForEvent("download");
    await keys.press("Enter");
    assert.match((await arriving).suggestedFilename(), /2026-11-24.*\.csv$/);
  };
  await take();
  // Somebody who gave a reason before begins at that one.
  const reason = page.getByRole("textbox", { name: /reason$/i });
  if (!(await reason.evaluate((box) => box === document.activeElement))) await keys.tabTo(reason, 5);
  await keys.type("Papers for the governors");
  await enter();

  await take();
  assert.ok(await page.getByLabel("Papers for the governors").isChecked());
  await enter();
});

/** Pages of a PDF, by its page objects. */
const sheets = (pdf) => pdf.toString("latin1").match(/\/Type\s*\/Page\b/g).length;

journey("pages print on A4, the register on one sheet, without what only a screen needs", { role, view: views.print }, async ({ page, school }) => {
  await page.goto(`${school.address}/registers?show=all`);
  const register = await page.locator("main tbody th a").first().getAttribute("href");
  await page.goto(`${school.address}/lists/persistent`);
  const pupil = await page.locator("main tbody th a").first().getAttribute("href");
  const most = { [register]: 1, [pupil]: 2, "/": 1, "/year": 1, "/lists/persistent": 3, "/figures": 3, "/codes": 6, "/pupils": 6 };
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize({ width: 703, height: 1030 }); // A4 without margins of 12 mm
  for (const [address, limit] of Object.entries(most)) {
    await page.goto(`${school.address}${address}`);
    const across = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(across <= 703, `${address} is ${across} px wide on a sheet of 703`);
    for (const gone of [".bar", ".foot", ".filter", "main button"]) {
      assert.equal(await page.locator(gone).filter({ visible: true }).count(), 0, `${address} prints ${gone}`);
    }
    assert.ok(await page.locator("h1").first().isVisible(), address);
    const count = sheets(await page.pdf({ format: "A4", preferCSSPageSize: true }));
    assert.ok(count <= limit, `${address} takes ${count} sheets`);
  }
});

journey("a missed month is sealed by hand, and its register leaves as the same PDF twice", { role }, async ({ page, school }) => {
  await page.goto(school.address);
  await page.getByRole("link", { name: /no copy of the registers/ }).click();
  await page.getByRole("heading", { name: /Sealed copies/ }).waitFor();
  const october = page.locator("section", { has: page.getByRole("heading", { name: /October 2026/ }) });
  await october.getByRole("button", { name: "Make the copy of October 2026 now" }).click();
  await page.getByText("The copy is being made.").waitFor();
  await october.getByRole("button", { name: "Attendance register, PDF" }).waitFor({ timeout: 300_000 });
  await axe(page);
  const list = await october.locator("[name=list]").first().inputValue();
  assert.match(list, /^\/sealed-copies\/\d+\/admission-register\.pdf$/);
  const taken = async () => {
    const form = { list, format: "pdf", reason: "For the inspector" };
    const answer = await page.request.post(`${school.address}/take-away`, { form });
    assert.equal(answer.status(), 200);
    assert.equal(answer.headers()["content-type"], "application/pdf");
    return answer.body();
  };
  const [first, second] = [await taken(), await taken()];
  assert.equal(first.subarray(0, 5).toString(), "%PDF-");
  assert.ok(first.equals(second), "the same file, to the byte");
});

journey("an extract for a court is looked at, asked for with a reason and taken away", { role }, async ({ page, school }) => {
  await page.goto(`${school.address}/pupils`);
  await page.locator("main tbody th a").first().click();
  await page.getByRole("link", { name: "Certified extract" }).click();
  await page.getByRole("heading", { name: /Certified extract/ }).waitFor();
  await axe(page);
  assert.match(await page.locator("main").innerText(), /Possible sessions/);
  await page.getByRole("button", { name: "Take the extract away as PDF" }).click();
  await page.getByRole("heading", { name: /Why are you taking this list away/ }).waitFor();
  await page.getByText("leaves with a reason, whomever it names").waitFor();
  await page.getByRole("textbox", { name: /reason$/i }).fill("Asked for by the authority");
  const arriving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Take the PDF" }).click();
  const arrived = await arriving;
  assert.match(arrived.suggestedFilename(), /extract-of-the-registers-2026-11-24\.pdf$/);
  assert.equal((await readFile(await arrived.path())).subarray(0, 5).toString(), "%PDF-");
});
