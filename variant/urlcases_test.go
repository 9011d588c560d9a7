package variant

import (
	"fmt"
	"slices"
	"strings"
)

const (
	caseSecret = "k1:an-example-secret-not-for-use"
	caseKey    = "photos/cat.jpg"
)

// urlCases lists the cases of testdata/urls.json, without their results.
func urlCases() []urlCase {
	return slices.Concat(spellingCases(), presetCases(), namedCases(), refusedCases(), keyCases(), signedCases(),
		hostCases(), srcsetCases(), pictureCases(), placeholderCases())
}

func spelled(s settings, ops ...string) []urlCase {
	var cases []urlCase
	for _, o := range ops {
		cases = append(cases, urlCase{Settings: s, Call: "url", Ops: o, Key: caseKey})
	}
	return cases
}

func refused(s settings, ops ...string) []urlCase {
	cases := spelled(s, ops...)
	for i := range cases {
		cases[i].Refused = true
	}
	return cases
}

// spellingCases are each option alone and with a size, each word, and what the spelling
// of numbers, of defaults and of options without effect depends on.
func spellingCases() []urlCase {
	var cases []urlCase
	for _, o := range Options() {
		cases = append(cases, spelled(settings{}, o.Usage)...)
		if o.Name != "w" && o.Name != "h" {
			cases = append(cases, spelled(settings{}, o.Usage+",300x200", "640x,"+o.Usage)...)
		}
	}
	for prefix, all := range map[string]words{"fit_": fitWords, "g_": gravityWords, "flip_": flipWords, "f_": outputWords} {
		for _, word := range all {
			if word != "" {
				cases = append(cases, spelled(settings{}, "300x200,"+prefix+word, "progressive,30x20,"+prefix+word)...)
			}
		}
	}
	slices.SortFunc(cases, func(a, b urlCase) int { return strings.Compare(a.Ops, b.Ops) })
	return append(cases, spelled(settings{}, strings.Fields(`
		h_200,w_300 0300x0200 w_300,x200 x200 dpr_2.0,300x200 300x200,dpr_1 dpr_1 dpr_3 up_0,300x up_1
		300x,g_ne 300x,g_smart 300x200,fit_contain,g_smart 300x200,fit_contain,g_n 300x200,fit_inside,g_n
		300x200,fp_.50_0.20 300x200,fp_0.5_0.5 300x200,fp_0.5_0.5,crop_0_0_10_10 300x200,fp_0.00001_1
		300x200,fp_0.12345_0.00005 300x200,fp_1._.5 300x,fp_0_0 300x200,fp_0_0,fit_contain 300x200,fp_0.00015_0.00025
		crop_10p_0_50.5p_100 crop_0_0p_100p_100p crop_0_0_100p_100p crop_0_0_100_100 crop_007_-0_1000000_1
		page_1 page_2,still page_1,still page_03 trim trim_10 trim_255 bg_ff0000ff bg_00000000 bg_ff000080
		rot_0 rot_180 rot_270 bright_0 bright_-20,contrast_5,sat_-100 bright_-0 pad_5,dpr_2 round_5,dpr_2
		blur_0.30 blur_100 blur_1.00005 sharp_10.00001 dpr_0.1,9x dpr_8,9x dpr_1.5000,9x dpr_0.33333333333333,9x
		dpr_1.00004,9x dpr_00002,9x progressive,f_jpeg progressive,f_auto progressive,f_webp progressive,f_gif
		still,lossless,gray raw dl,raw raw,v_2 raw,dl_a.b,v_x raw,up_0 info info,v_a_b dl,info_gps
		dl_my_cat.jpg,300x dl_.x dl_-._ wm_my_logo v_0 v_1.2-3_4 q_05 q_100 bytes_100 bytes_1073741824
		16383x16383 8191x,dpr_2 x1 1x pixel_1000 round_8,blur_1.5,sharp_1,pixel_9,bytes_9000,page_3,v_x,x10
		wm_logo,gray,rot_90,pad_5,blur_2,pixel_9,flip_h,round_4,bg_000000,sharp_1`)...)...)
}

// presetCases: after a preset nothing is without effect, as it may override the preset's.
func presetCases() []urlCase {
	var cases []urlCase
	for _, o := range Options() {
		cases = append(cases, spelled(settings{Presets: []string{"thumb", "card"}}, "thumb,"+o.Usage)...)
	}
	return append(cases, spelled(settings{Presets: []string{"thumb", "card"}}, strings.Fields(`
		thumb card thumb,q_05,w_4 card,fit_cover card,g_center card,fit_cover,g_center,up_0 thumb,dpr_1 thumb,rot_0,sat_0
		card,bright_-0,contrast_0 thumb,f_webp,x100 thumb,page_1 300x200 thumb,fp_0.50_0.5`)...)...)
}

// namedCases have options by name, as the libraries take them, too.
func namedCases() []urlCase {
	type m = map[string]any
	all := []struct {
		ops   string
		named m
	}{
		{"300x200,f_auto", m{"w": 300, "h": 200, "f": "auto"}},
		{"640x,dpr_1.5", m{"w": 640, "dpr": 1.5}},
		{"300x200,fp_0.5_0.2", m{"w": 300, "h": 200, "fp": []any{0.5, 0.2}}},
		{"crop_10p_0_50p_100,gray", m{"crop": []any{"10p", 0, "50p", 100}, "gray": true, "still": false}},
		{"300x200,fp_0.3333_0.5", m{"w": 300, "h": 200, "fp": []any{1.0 / 3, 0.5}}},
		{"300x200,fp_0.03125_0.99996", m{"w": 300, "h": 200, "fp": []any{0.03125, 0.99996}}},
		{"640x,dpr_1.1,blur_2.6667", m{"w": 640, "dpr": 1.100000023841858, "blur": 8.0 / 3}},
		{"thumb,q_80", m{"preset": "thumb", "q": 80}},
		{"raw,dl_my_cat.jpg", m{"raw": true, "dl": "my_cat.jpg"}},
		{"info", m{"info": true}},
		{"trim_10,bright_-5,v_2", m{"trim": true, "bright": -5, "v": 2}},
	}
	var cases []urlCase
	for _, c := range all {
		cases = append(cases, urlCase{Settings: settings{Presets: []string{"thumb", "card"}}, Call: "url", Ops: c.ops, Named: c.named, Key: caseKey})
	}
	return cases
}

func refusedCases() []urlCase {
	cases := append(refused(settings{}, strings.Fields(`
		300x200, ,300x 300 x 0x200 300x99999 300x200,300x 300x200,w_300 q_80,q_80 300x200,g_ne,fp_0_0 raw,info raw,300x
		info_gps,info info_gps,300x raw,still raw,dpr_1 info_gp info_x blurr_3 grey sepia 300x200,fit_cver fit_ f_jpg f_keep f_tiff
		w:300 300X200 bg_FFF bg_fff bg_ff00 q_0 q_+5 q_101 q gray_1 gray_ dpr_nan dpr_1e3 dpr_1.2.3 dpr_. dpr_ dpr_9 dpr_0.01,9x
		dpr_1.000000000000001,9x 10000x,dpr_2 fp_0.5 fp_2_0 fp_0_0_0 fp_-0_0 crop_1_2_3 crop_1_2_0_4 crop_1_2_101p_4 crop_1.5_2_3_4
		crop_1_2_3_1000001 crop_-1_0_1_1 rot_45 rot_090 up_2 up wm v v_ dl_.. dl_ trim_0 trim_256 pixel_1 blur_0.2 sharp_11 bright_101
		sat_--5 pad_0 flip_x page_0 bytes_99 bytes_99999999999999999999 thumb 300x200x f_auto,f_webp w_300,300x w_3,h_4,x4 constructor __proto__`)...),
		refused(settings{}, "", "300x 200", "300x,f_ü", strings.Repeat("dl_x,", 200), "v_"+strings.Repeat("x", 511))...)
	return append(cases, refused(settings{Presets: []string{"thumb", "card"}}, "thumb,thumb", "f_webp,thumb", "thumb,", "thumb,f_auto,f_webp", "thumb,raw,info")...)
}

func keyCases() []urlCase {
	var cases []urlCase
	for _, key := range []string{
		"cat.jpg", "a b.jpg", "a+b&c=d.jpg", "50%.jpg", "100%25/x%2Fy.png", "what?.jpg", "no#1.jpg", "a;b,c:d@e!f$g'h(i)j*k.jpg", "~tilde~.jpg", `quote".jpg`,
		"<b>&amp;.jpg", `back\slash.jpg`, `\a\\b\`, "...", "a/.hidden/..x/x..", "s.k1.sig/300x/cat.jpg", "фото/кот 100%.jpg", "emoji/😀🐈‍⬛.webp", "é/é.jpg", "日本/猫.png",
		"[x]{y}^`|.jpg", "a\u00a0b\u2028c\ufeffd.jpg", "raw", "300x200/cat.jpg", strings.Repeat("k", MaxKeyBytes), strings.Repeat("é/", 341) + "e", "https://example.com"[:5] + "x",
	} {
		cases = append(cases, urlCase{Call: "url", Ops: "300x", Key: key})
	}
	for _, key := range []string{
		"", "/cat.jpg", "a//b", "a/", "/", ".", "..", "a/../b", "a/./b", `a\..\b`, `..\a`, `a/..\b`, `a\.`, "a\x00b", "a\nb", "a\x7fb", "a\u0085b", "a\u009f",
		strings.Repeat("k", MaxKeyBytes+1), strings.Repeat("é", MaxKeyBytes/2) + "k", "https://example.com/cat.jpg",
	} {
		cases = append(cases, urlCase{Call: "url", Ops: "300x", Key: key, Refused: true})
	}
	return cases
}

func signedCases() []urlCase {
	var cases []urlCase
	const list = "320x~640x~1280x,~dpr_2~dpr_3,f_auto~f_webp"
	presets := []string{"thumb", "card"}
	for _, s := range []settings{
		{Key: caseSecret},
		{Key: caseSecret, Expires: 3600, Now: 1_700_000_000},
		{Key: "new:an-example-secret-not-for-use " + "old:another-secret-not-for-use"},
		{Key: "a-2:" + strings.Repeat("ключ:", 5), Base: "https://img.example.com/"},
	} {
		for _, key := range []string{caseKey, "фото/кот 100%.jpg", "a b/c+d.jpg", "x/y?z#w&'\"().png"} {
			for _, scope := range []string{"", list} {
				s.Scope = scope
				cases = append(cases, urlCase{Settings: s, Call: "url", Ops: "f_webp,dpr_2,w_640", Key: key})
			}
		}
	}
	once := func(scope string) settings { return settings{Key: caseSecret, Scope: scope, Presets: presets} }
	cases = append(cases, spelled(once("presets"), "thumb", "card")...)
	cases = append(cases, spelled(once("sizes"), "300x200", "f_avif,dpr_2,w_300")...)
	cases = append(cases, spelled(once("thumb,~f_webp"), "thumb", "thumb,f_webp")...)
	cases = append(cases, spelled(once(list), "320x,f_auto", "1280x,dpr_3,f_webp")...)
	cases = append(cases, refused(once("sizes"), "300x,q_80", "300x,up_1", "300x200,fit_inside", "300x200,g_ne", "300x,v_2", "300x,dl", "raw", "info", "thumb", "thumb,300x", "f_auto,300x,blur_3")...)
	cases = append(cases, refused(once("presets"), "300x200", "thumb,f_webp", "raw")...)
	cases = append(cases, refused(once("thumb,~f_webp"), "card", "thumb,f_avif", "f_webp")...)
	for _, scope := range []string{list, "presets", "sizes"} {
		s := once(scope)
		s.Expires, s.Now = 60, 1_700_000_000
		cases = append(cases, urlCase{Settings: s, Call: "source", Key: "a b/фото+.jpg"}, urlCase{Settings: s, Call: "source", Key: "../a", Refused: true})
	}
	cases = append(cases, urlCase{Settings: once(""), Call: "source", Key: caseKey, Refused: true})
	cases = append(cases, urlCase{Settings: settings{Key: caseSecret, Scope: "320x,"}, Call: "url", Ops: "320x", Key: caseKey, Refused: true})
	cases = append(cases, urlCase{Settings: settings{Key: caseSecret, Scope: "~"}, Call: "source", Key: caseKey, Refused: true})
	return append(cases, refused(once(list), "321x,f_auto", "320x", "320x,f_auto,q_1", "320x,dpr_4,f_auto", "raw", "thumb")...)
}

// hostCases: another host takes over some pictures, the others stay where they are.
func hostCases() []urlCase {
	four := []string{"img1.example.com", "img2.example.com", "img3.example.com", "img4.example.com"}
	cases := []urlCase{
		{Settings: settings{Base: "https://img.example.com"}, Call: "url", Ops: "300x", Key: caseKey},
		{Settings: settings{Base: "https://img.example.com/"}, Call: "url", Ops: "300x", Key: caseKey},
		{Settings: settings{Base: "/img/"}, Call: "url", Ops: "300x", Key: caseKey},
		{Settings: settings{Base: "https://unused.example", Hosts: []string{"//cdn.example.com"}}, Call: "url", Ops: "300x", Key: caseKey},
		{Settings: settings{Hosts: []string{"http://localhost:8080/"}}, Call: "url", Ops: "300x", Key: caseKey},
	}
	for i := range 12 {
		key := fmt.Sprintf("photos/%d é.jpg", i)
		cases = append(
			cases,
			urlCase{Settings: settings{Hosts: four}, Call: "url", Ops: "300x", Key: key},
			urlCase{Settings: settings{Hosts: four, Key: caseSecret}, Call: "url", Ops: "1200x,f_webp", Key: key},
			urlCase{Settings: settings{Hosts: append(four[:4:4], "bücher.example")}, Call: "url", Ops: "300x", Key: key},
		)
	}
	return cases
}

func srcsetCases() []urlCase {
	set := func(ops string, widths []int, densities []float64, refused bool) urlCase {
		s := settings{Base: "https://img.example.com", Presets: []string{"thumb", "card"}}
		return urlCase{Settings: s, Call: "srcset", Ops: ops, Key: "photos/a b.jpg", Widths: widths, Densities: densities, Refused: refused}
	}
	w, d := []int{320, 640, 1280}, []float64{1, 1.5, 2, 3}
	cases := []urlCase{
		set("f_auto", w, nil, false), set("", w, nil, false), set("300x200,f_auto", w, nil, false), set("f_auto,w_300,h_200,fit_inside", w, nil, false),
		set("16x9", []int{1, 7, 8, 1000}, nil, false), set("300x1", []int{10}, nil, false), set("up_1,fit_contain", w, nil, false), set("300x", w, nil, false),
		set("thumb,300x200", w, nil, false), set("card,q_40,w_3,h_2", []int{64}, nil, false),
		set("thumb", w, nil, true), set("thumb,300x", w, nil, true), set("thumb,x200", w, nil, true), set("300x,card,q_40", w, nil, true), set("thumb,f_webp", w, nil, true),
		set("300x200,f_auto", nil, d, false), set("x200", nil, d, false), set("thumb", nil, []float64{1, 2}, false), set("w_300", nil, []float64{2}, false), set("300x", nil, []float64{4.0 / 3, 1.00004, 1.03125, 1.100000023841858}, false),
		set("x200,f_auto", w, nil, true), set("300x,dpr_2", w, nil, true), set("300x,dpr_2", nil, d, true), set("f_auto", nil, d, true), set("", nil, d, true),
		set("f_auto", []int{0}, nil, true), set("f_auto", []int{16384}, nil, true), set("300x", nil, []float64{9}, true), set("raw", w, nil, true), set("300y", w, nil, true),
		set("300x200,w_300", w, nil, true), set("300x,300x", nil, d, true), set("f_auto,", w, nil, false),
	}
	signed := set("f_auto", w, nil, false)
	signed.Settings.Key, signed.Settings.Scope = caseSecret, "320x~640x~1280x,f_auto"
	hosted := set("300x200", nil, d, false)
	hosted.Settings.Hosts = []string{"img1.example.com", "img2.example.com"}
	return append(cases, signed, hosted)
}

func pictureCases() []urlCase {
	s := settings{Base: "https://img.example.com", Presets: []string{"thumb", "card"}}
	w, sizes := []int{640, 1280, 320}, "(max-width: 40em) 100vw, 40em"
	return []urlCase{
		{Settings: s, Call: "picture", Ops: "300x200", Key: caseKey},
		{Settings: s, Call: "picture", Ops: "300x200", Key: caseKey, Alt: `A "cat" & <dog>, it's`, Attribute: []string{"loading", "lazy"}},
		{Settings: s, Call: "picture", Ops: "f_auto", Key: "a&b/'c.jpg", Widths: w, Sizes: sizes, Alt: "Кот"},
		{Settings: s, Call: "picture", Ops: "300x200,f_jpeg,q_80", Key: caseKey, Widths: w, Sizes: sizes, Formats: []string{"avif", "webp"}, Alt: "A cat"},
		{Settings: s, Call: "picture", Ops: "300x200", Key: caseKey, Densities: []float64{1, 2}, Formats: []string{"webp"}, Attribute: []string{"data-x", `"<&>`}},
		{Settings: s, Call: "picture", Ops: "thumb", Key: caseKey, Densities: []float64{1, 2}, Formats: []string{"avif"}},
		{Settings: s, Call: "picture", Ops: "thumb", Key: caseKey, Formats: []string{"avif", "webp"}},
		{Settings: s, Call: "picture", Ops: "300x", Key: caseKey, Attribute: []string{"class", ""}},
		{Settings: s, Call: "picture", Ops: "300x", Key: caseKey, Attribute: []string{"onload=x y", "z"}, Refused: true},
		{Settings: s, Call: "picture", Ops: "x200", Key: caseKey, Widths: w, Refused: true},
		{Settings: settings{Key: caseSecret}, Call: "picture", Ops: "w_300,h_200", Key: caseKey, Widths: w, Formats: []string{"webp"}},
		{
			Settings: settings{Key: caseSecret, Scope: "320x213~640x427~1280x853,~f_avif"}, Call: "picture", Ops: "300x200", Key: caseKey,
			Widths: w, Formats: []string{"avif"},
		},
	}
}

// placeholderCases are backgrounds of CSS, until the picture is there. /info/ is trusted,
// but not what stands between.
func placeholderCases() []urlCase {
	const uri = "data:image/webp;base64,UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA"
	type m = map[string]any
	return []urlCase{
		{Call: "placeholder", Info: m{"average": "#b1b7bb", "placeholder": uri, "width": 240}},
		{Call: "placeholder", Info: m{"placeholder": uri}},
		{Call: "placeholder", Info: m{"average": "#b1b7bb", "placeholder": "data:image/png;base64,iVBORw0K+/=="}},
		{Call: "placeholder", Info: m{"average": "#b1b7bb", "placeholder": "data:image/jpeg;base64,/9j/"}},
		{Call: "placeholder", Info: m{"average": nil, "placeholder": nil}},
		{Call: "placeholder", Info: m{"average": "#B1B7BB", "placeholder": "data:image/webp;base64,"}},
		{Call: "placeholder", Info: m{"average": "#b1b7bbff", "placeholder": "https://example.com/a.webp"}},
		{Call: "placeholder", Info: m{"average": "#b1b7bb", "thumbhash": "7fcFFYSnbQKHiIV4UIJoiLD8mLlv"}},
		{Call: "placeholder", Info: m{"width": 240}},
		{Call: "placeholder", Info: m{"average": "red;}", "placeholder": `data:image/svg+xml;base64,AA==`}},
		{Call: "placeholder", Info: m{"average": "#b1b7bb\n", "placeholder": uri + `") x`}},
	}
}
