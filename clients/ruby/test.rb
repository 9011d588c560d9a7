# frozen_string_literal: true

# Runs the cases of testdata/urls.json, and the helpers in a view of Rails.

require "json"
require "logger"
$LOAD_PATH.unshift(File.join(__dir__, "lib"))
require "action_view"
require "thumbery/rails"

SECRET = "k1:an-example-secret-not-for-use"

def run(c)
  settings = (c["settings"] || {}).transform_keys(&:to_sym)
  now = settings.delete(:now) || 0
  t = Thumbery.new(**settings, now: -> { now })
  ops, key = c["ops"], c["key"] || ""
  more = c.slice("widths", "densities", "sizes", "formats", "alt").transform_keys(&:to_sym)
  case c["call"]
  when "url" then [t.url(ops, key), t.url(c["named"] || ops, key)]
  when "srcset" then [t.srcset(ops, key, **more)]
  when "picture" then [t.picture(ops, key, **more, attributes: [c["attribute"]].compact.to_h)]
  when "source" then [t.source(key)]
  when "placeholder" then [Thumbery.placeholder(c["info"])]
  end
end

@passed = @failed = 0
def check(what, got, want)
  return @passed += 1 if got == want

  @failed += 1
  puts what, " gives #{got}", "  want #{want}"
end

cases = JSON.parse(File.read(File.join(__dir__, "../../testdata/urls.json")))["cases"]
cases.each do |c|
  all = begin
    run(c)
  rescue ArgumentError
    ["refused"]
  end
  all.each { |got| check(c.to_json, got, c["want"] || "refused") }
end
check("number of cases", cases.size > 500, true)

t = Thumbery.new(key: SECRET, scope: "300x")
[nil, 5, :cat].each do |wrong|
  calls = [-> { t.url("300x", wrong) }, -> { t.source(wrong) }, -> { t.url(wrong, "cat.jpg") }, -> { Thumbery.new(key: wrong) }]
  refused = calls.count do |call|
    call.call && false
  rescue ArgumentError
    true
  end
  check("#{wrong.inspect} in place of text", refused, calls.size)
end

begin
  Thumbery.new(key: "k1:short")
rescue ArgumentError => e
  check("an error does not tell the secret", e.message.include?("short"), false)
end
check("nor does inspect", Thumbery.new(key: SECRET).inspect, "#<Thumbery >")

Thumbery.default = t = Thumbery.new(base: "https://img.example.com", key: SECRET, scope: "320x~640x,f_auto")
view = ActionView::Base.with_empty_template_cache.new(ActionView::LookupContext.new([]), {}, nil)
template = '<%= thumbery_url "320x,f_auto", key %>|<%= thumbery_srcset "f_auto", key, widths: [320, 640] %>|' \
           '<%= thumbery_picture "f_auto", key, widths: [320], alt: "<b>" %>|<%= thumbery_source key %>|<%= thumbery_placeholder("average" => "#112233") %>'
key = "a b.jpg"
want = [t.url("320x,f_auto", key), t.srcset("f_auto", key, widths: [320, 640]), t.picture("f_auto", key, widths: [320], alt: "<b>"), t.source(key), "#112233"]
check("Rails", view.render(inline: template, locals: { key: key }), want.join("|"))

puts "ruby: #{@passed} passed, #{@failed} failed"
exit(@failed.zero?)
