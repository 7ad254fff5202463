import { describe, expect, it } from "vitest";
import { html } from "../../src/report/html.ts";

describe("html", () => {
  it("escapes values between tags and in attributes, and markup not again", () => {
    const inner = html`<b title="${`"x" & 'y'`}">${"<script>alert(1)</script>"}</b>`;
    const outer = html`<p>${inner}</p>`.text;
    expect(outer).toBe(
      '<p><b title="&quot;x&quot; &amp; &#39;y&#39;">&lt;script&gt;alert(1)&lt;/script&gt;</b></p>',
    );
  });

  it("joins lists and writes nothing for what is not there", () => {
    expect(html`${[1, "<", html`<i>`]}|${undefined}|${false}|${0}`.text).toBe("1&lt;<i>|||0");
  });

  it("replaces characters that HTML does not allow", () => {
    expect(html`${"a\u0000b\u001bc\td\ne\u0085f"}`.text).toBe("a�b�c\td\ne�f");
  });
});
