package page

import (
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/chromium"
)

// resolved waits until a path was understood, and its picture is shown.
func resolved(p *chromium.Page, ops string) {
	p.Await(`location.hash.startsWith("#play/` + ops + `/") && document.querySelector(".original img").naturalWidth > 0
		&& document.querySelector(".result .facts") && !document.querySelector(".result").matches(".loading, .outdated")`)
}

// All that can be done with a picture is done once.
func TestPlay(t *testing.T) {
	s := serve(t)
	p := browser().Open(t, s.URL) // which leads to the page
	p.Await(`location.pathname === "/ui/"`)
	p.Await(`document.querySelector(".result img")?.naturalWidth > 0`)
	p.Permit("/ui/picture/") // whose key is not typed to its end
	p.Type("#ops", "300x200,q_70")
	resolved(p, "300x200,q_70")
	p.Await(`document.querySelector(".result img").naturalWidth === 300`)
	p.AwaitText(".result .facts", "Bytes")
	p.AwaitText(".meaning", "quality")
	look(t, p, "play", ".original .frame", ".result .frame", "form.options", ".share")

	p.Type("#ops", "300x200,blurr_3")
	p.AwaitText(".bar .problem", "blur_3")
	p.Click(".bar .problem button")
	resolved(p, "300x200,blur_3")

	p.Click(".bar .actions button")
	p.AwaitText("#browse .keys", "photos/")
	p.ClickText("#browse .keys button", "odd/")
	p.ClickText("#browse .crumbs button", "All")
	p.ClickText("#browse .keys button", "photos/")
	p.ClickText("#browse .keys button", "city.jpg")
	resolved(p, "300x200,blur_3")
	p.Await(`location.hash.endsWith("/photos/city.jpg") && document.getElementById("browse").hidden`)
	p.Click(".bar .actions button")
	p.AwaitText("#browse .keys", "photos/")
	chromium.Eval[bool](p, `document.querySelector("#browse .keys button").focus() ?? true`)
	p.Key("\x1b")
	p.Await(`document.getElementById("browse").hidden`)
	p.Type("#key", "photos/lake.jpg")
	p.Await(`location.hash === "#play/300x200,blur_3/photos/lake.jpg"`)
	resolved(p, "300x200,blur_3")

	p.Set(".result .ask select", "old: JPEG, PNG")
	p.Type("#ops", "240x160")
	resolved(p, "240x160")
	p.Click(`.tools input[value="crop"]`)
	at := p.Place(".original .surface")
	w, h := float64(at.Dx()), float64(at.Dy())
	p.Drag(float64(at.Min.X)+w*0.2, float64(at.Min.Y)+h*0.2, float64(at.Min.X)+w*0.7, float64(at.Min.Y)+h*0.7)
	p.Await(`document.getElementById("ops").value.includes("crop_")`)
	p.Await(`!document.querySelector(".original .area").hidden`)
	p.Click(`.tools input[value="focus"]`)
	at = p.Place(".original .surface")
	p.ClickAt(float64(at.Min.X)+w*0.3, float64(at.Min.Y)+h*0.4)
	p.Await(`document.getElementById("ops").value.includes("fp_0.")`)
	p.Await(`!document.querySelector(".original .point").hidden`)
	p.Click(`.tools input[value="none"]`)

	p.Type("#ops", "info")
	p.Await(`document.querySelector(".result .json")?.textContent.includes("width")`)
}

// Each option of the form is written into the URL, and each snippet can be chosen and copied.
func TestPlayForm(t *testing.T) {
	s := serve(t)
	p := browser().Open(t, s.Admin+"/ui/#play/200x/photos/cat.jpg")
	resolved(p, "200x")
	p.Permit("/ui/picture/") // of options that do not go together
	check(t, p, useEachOption)
	p.Type("#ops", "200x")
	resolved(p, "200x")
	p.Await(`document.querySelectorAll(".share .tools input").length >= 7`)
	check(t, p, `(() => {
		const seen = new Set(), problems = [];
		for (const radio of document.querySelectorAll(".share .tools input")) {
			radio.click();
			const code = document.querySelector(".share code").textContent;
			if (!code.includes("cat.jpg") || seen.has(code)) problems.push(radio.parentElement.textContent + ": " + code);
			seen.add(code);
		}
		return problems;
	})()`)
	chromium.Eval[bool](p, `document.querySelector(".share .tools input").click() ?? true`)
	p.Type(".share .base input", "https://pictures.example.com")
	p.AwaitText(".share code", "pictures.example.com")
	p.Click(".share .snippet button")
	p.Await(`document.getElementById("notice").textContent !== ""`)
}

// useEachOption sets and removes each option of the form, by each of its controls.
const useEachOption = `(async () => {
	const problems = [];
	const about = await (await fetch("api/about")).json();
	const ops = () => document.getElementById("ops").value.split(",");
	const fire = (node) => { node.dispatchEvent(new Event("input", { bubbles: true })); node.dispatchEvent(new Event("change", { bubbles: true })); };
	const samples = { point: ["0.4", "0.6"], rectangle: ["10", "10", "100", "80"], colour: ["ff0000"], text: ["v1"] };
	const asked = () => performance.getEntriesByType("resource").some(({ name }) => name.includes("/api/url?"));
	const answered = async () => {
		while (!asked()) await new Promise((resolve) => setTimeout(resolve, 20));
		await new Promise((resolve) => setTimeout(resolve)); // the page has the answer now
	};
	for (const option of about.options) {
		const first = document.querySelector('[id^="option-' + option.name + '-"]');
		if (!first) { problems.push("there is no control for " + option.name); continue; }
		if (first.disabled) continue;
		first.closest("details").open = true;
		const nodes = [...first.closest(".controls").querySelectorAll("input, select")];
		const written = () => ops().join() !== "dpr_1" && ops().some((token) => token === option.name || token.startsWith(option.name + "_"));
		for (const [i, node] of nodes.entries()) {
			node.focus();
			performance.clearResourceTimings();
			const before = nodes.map((n) => (n.type === "checkbox" ? n.checked : n.value));
			if (node.type === "checkbox") node.checked = true;
			else if (node.tagName === "SELECT") node.value = node.options[1].value;
			else if (node.type === "range") node.value = node.max;
			else if (node.type === "color") node.value = "#102030";
			else node.value = (samples[option.takes.kind] ?? [])[i] ?? String(option.takes.max ?? 2);
			fire(node);
			const several = ["point", "rectangle"].includes(option.takes.kind);
			if ((!several || i === nodes.length - 1) && !written()) problems.push(option.name + " is not in " + ops() + " after control " + i);
			await answered();
			if (several && nodes.slice(0, i + 1).some((n) => !n.value)) problems.push(option.name + " lost what was typed into field " + i);
			if (several) continue;
			nodes.forEach((n, j) => { if (n.type === "checkbox") n.checked = before[j]; else n.value = before[j]; });
			fire(nodes[0]);
		}
		nodes.forEach((n) => { if (n.type === "checkbox") n.checked = false; else if (n.type !== "range" && n.type !== "color") n.value = ""; });
		fire(nodes[0]);
		if (written()) problems.push(option.name + " is still in " + ops());
	}
	return problems;
})()`

// Formats and qualities are compared in a row, with their differences.
func TestCompare(t *testing.T) {
	s := serve(t)
	p := browser().Open(t, s.Admin+"/ui/#play/200x/photos/cat.jpg")
	resolved(p, "200x")
	check(t, p, `(() => {
		for (const box of document.querySelectorAll(".compare input[type=checkbox]")) if (box.checked !== ["jpeg", "webp"].includes(box.value)) box.click();
		return [];
	})()`)
	p.Type(`.compare input[type="text"]`, "30 80")
	p.Click(".compare button.primary")
	p.Await(`document.querySelectorAll(".row-of-cards li").length === 4`)
	p.AwaitText(".compare .note", "difference")
	check(t, p, `[...document.querySelectorAll(".row-of-cards li")].filter((card) => !/PSNR \d+/.test(card.textContent)).map((card) => card.textContent)`)
	at := p.Place(".row-of-cards")
	if n := chromium.Colours(p.Screenshot("compare"), at); n < 50 {
		t.Errorf("the comparison has %d colours", n)
	}
	p.Click(".row-of-cards li button")
	p.Await(`document.getElementById("ops").value.includes("q_30")`)
	p.Await(`/^#play\/200x,f_jpe?g,q_30\//.test(location.hash)`)
}

// Any URL is explained, from Play or as it is pasted.
func TestExplain(t *testing.T) {
	s := serve(t)
	p := browser().Open(t, s.Admin+"/ui/#play/200x/photos/cat.jpg")
	resolved(p, "200x")
	if !chromium.Eval[bool](p, `Boolean([...document.querySelectorAll("#views a")].find((a) => a.textContent === "Explain"))`) {
		t.Fatal("this program does not explain")
	}
	p.Click(".bar .actions a")
	p.Await(`document.querySelectorAll(".explain .step").length >= 8`)
	look(t, p, "explain", ".explain .report")
	p.Click(".explain details summary")
	p.Set("#explain-accept", "old: JPEG, PNG")
	p.Type("#explain-url", "https://img.example.com/300x,f_auto/photos/lake.jpg")
	p.Click("#explain-make")
	p.Click(".explain form button")
	p.AwaitText(".explain .facts", "/300x,f_auto/photos/lake.jpg")
	p.Click(".explain .verdict a")
	resolved(p, "300x,f_auto")
}

// Where the listener asks for a token, so does the page, and then it signs.
func TestToken(t *testing.T) {
	s := serve(t, "--admin-token", "open-sesame-0123456789", "--key", "k1:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")
	p := browser().Open(t, s.Admin+"/ui/#play/200x/photos/cat.jpg")
	p.Permit("/ui/api/") // without the token
	p.Await(`document.getElementById("token-dialog").open`)
	for _, v := range p.Axe() {
		t.Error(v)
	}
	p.Type("#token", "open-barley-0123456789")
	p.Click(`#token-dialog button`)
	p.AwaitText("#token-problem", "not the token")
	p.Type("#token", "open-sesame-0123456789")
	p.Key("\r")
	p.Await(`document.querySelector(".result img")?.naturalWidth === 200`)
	p.Await(`/s\.k1\./.test(document.querySelector(".share code").textContent) || /k1/.test(document.querySelector(".share code").textContent)`)
	p.Click(`#views a[href="#watch"]`)
	p.AwaitText(".watch .live", "Live")
	p.Click("#forget-token")
	p.Await(`document.getElementById("token-dialog").open`)
}

// Who uses no mouse gets to the content, and through the views.
func TestKeyboard(t *testing.T) {
	s := serve(t)
	p := browser().Open(t, s.Admin+"/ui/#play/200x/photos/cat.jpg")
	resolved(p, "200x")
	focused := func() string { return chromium.Eval[string](p, `document.activeElement.textContent.trim()`) }
	chromium.Eval[bool](p, `document.activeElement.blur() ?? true`)
	p.Key("\t")
	if got := focused(); got != "Skip to the content" {
		t.Errorf("the first stop is %q", got)
	}
	for range 10 {
		if focused() == "Watch" {
			break
		}
		p.Key("\t")
	}
	p.Key("\r")
	p.AwaitText(".watch .live", "Live")
	p.Await(`document.title.startsWith("Watch")`)
}
