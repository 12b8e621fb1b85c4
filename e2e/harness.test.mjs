// Shows that the harness sees what it is meant to see, on pages served from a string.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { accessibilityFaults, Announcement, axe, Keys, launchBrowser, openPage } from "./harness.mjs";

const pageWith = (ink) => `<!doctype html><html lang="en"><head><title>Register</title>
  <meta name="viewport" content="width=device-width">
  <style>:root { color-scheme: light dark } body { background: #fff; color: #222 }
  @media (prefers-color-scheme: dark) { body { background: #111; color: ${ink} } }</style></head>
  <body><main><h1>Register</h1><label>Mark <input></label> <button>Save</button></main></body></html>`;

const pages = { "/clean": pageWith("#eee"), "/dim": pageWith("#333") };
let server, browser, address;

before(async () => {
  server = createServer((request, response) => {
    const body = pages[request.url];
    response.writeHead(body ? 200 : 204, { "content-type": "text/html; charset=utf-8" }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${server.address().port}`;
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  server.close();
});

test("a sound page has no accessibility faults in light or dark", async () => {
  const page = await openPage(browser);
  await page.goto(`${address}/clean`);
  await axe(page);
  assert.deepEqual(page.complaints, []);
});

test("ink that is too dim only in dark is found", async () => {
  const page = await openPage(browser);
  await page.goto(`${address}/dim`);
  const faults = await accessibilityFaults(page);
  assert.ok(faults.length > 0);
  assert.ok(faults.every((fault) => fault.startsWith("dark: color-contrast")), faults.join("\n"));
});

test("every key press is counted and Tab finds the button", async () => {
  const page = await openPage(browser);
  await page.goto(`${address}/clean`);
  const keys = new Keys(page);
  await keys.tabTo(page.getByLabel("Mark"));
  await keys.type("L6");
  await keys.tabTo(page.getByRole("button", { name: "Save" }));
  assert.equal(await page.getByLabel("Mark").inputValue(), "L6");
  assert.equal(keys.count, 4);
});

test("the announcement of the demo school is read whichever way round it stands", () => {
  const table = ["role                sign-in name  password", "teacher             t.one         a b-c", "attendance officer  o.two         d-e-f", ""];
  for (const lines of [["Serving http://127.0.0.1:4100/", ...table], [...table, "Serving http://127.0.0.1:4100/"]]) {
    const announcement = new Announcement();
    for (const line of lines) announcement.read(line);
    assert.ok(announcement.complete);
    assert.equal(announcement.address, "http://127.0.0.1:4100");
    assert.deepEqual(announcement.accounts, [
      { role: "teacher", name: "t.one", password: "a b-c" },
      { role: "attendance officer", name: "o.two", password: "d-e-f" },
    ]);
  }
});
