# frozen_string_literal: true

require "digest"
require "erb"
require "openssl"

# Makes URLs of pictures, as variant.Links does in Go. It needs only the standard library.
# Whatever the server would refuse is an ArgumentError.
class Thumbery
  MAX_SIDE = 16_383
  KINDS = %w[raw info info_gps].freeze
  NEUTRAL = { "up" => "0", "g" => "center", "bright" => "0", "contrast" => "0", "sat" => "0", "rot" => "0" }.freeze

  # What checks and spells the value of an option; nil is one without value.
  module Values
    module_function

    def refuse = raise(ArgumentError, "not a value of this option")
    def words(*all) = ->(s) { all.include?(s) ? s : refuse }
    def flag = ->(s) { s.nil? ? "" : refuse }
    def text = ->(s) { s || refuse }
    def round(x) = x.finite? ? (x * 1e4).round / 1e4 : refuse
    def number(x) = format("%.4f", round(x)).sub(/\.?0+\z/, "")

    def whole(range)
      ->(s) { s&.match?(/\A-?[0-9]+\z/) && range.cover?(s.to_i) ? s.to_i.to_s : refuse }
    end

    def decimal(range)
      lambda do |s|
        refuse unless s&.match?(/\A([0-9]+\.?[0-9]*|\.[0-9]+)\z/) && s.size <= 16
        x = round(("0" + s).sub(/\.\z/, "").to_f)
        range.cover?(x) ? number(x) : refuse
      end
    end

    def each(count, spell)
      lambda do |s|
        parts = s.to_s.split("_", -1)
        parts.size == count ? parts.map(&spell).join("_") : refuse
      end
    end

    def crop
      length = ->(s) { s.end_with?("p") ? "#{decimal(0..100).call(s.chomp('p'))}p" : whole(0..1_000_000).call(s) }
      ->(s) { each(4, length).call(s).tap { |c| refuse if c.match?(/\A[^_]+_[^_]+_0p?_|_0p?\z/) } }
    end

    def background
      ->(s) { s&.match?(/\A[0-9a-f]{6}([0-9a-f]{2})?\z/) ? s.sub(/\A(.{6})ff\z/, '\1') : refuse }
    end

    def download = ->(s) { s&.match?(/\A\.*\z/) ? refuse : s.to_s }
    def trim = ->(s) { s.nil? ? "10" : whole(1..255).call(s) }
  end

  # The options in canonical order, as variant/options.go has them.
  OPTIONS = Values.instance_eval do
    {
      "dpr" => decimal(0.1..8),
      "up" => words("0", "1"),
      "fit" => words("cover", "contain", "inside", "outside", "fill"),
      "g" => words("center", "n", "ne", "e", "se", "s", "sw", "w", "nw", "smart"),
      "fp" => each(2, decimal(0..1)),
      "crop" => crop,
      "trim" => trim,
      "pixel" => whole(2..1000),
      "blur" => decimal(0.3..100),
      "sharp" => decimal(0.3..10),
      "bright" => whole(-100..100),
      "contrast" => whole(-100..100),
      "sat" => whole(-100..100),
      "gray" => flag,
      "pad" => whole(1..MAX_SIDE),
      "bg" => background,
      "rot" => words("0", "90", "180", "270"),
      "flip" => words("h", "v", "hv"),
      "round" => whole(1..MAX_SIDE),
      "wm" => text,
      "f" => words("auto", "jpeg", "png", "webp", "avif", "gif", "jxl"),
      "q" => whole(1..100),
      "bytes" => whole(100..(1 << 30)),
      "lossless" => flag,
      "progressive" => flag,
      "page" => whole(1..100_000),
      "still" => flag,
      "dl" => download,
      "v" => text
    }
  end.freeze
  SIDE = Values.whole(1..MAX_SIDE)
  PATH_ESCAPES = { "%2F" => "/", "%24" => "$", "%26" => "&", "%2B" => "+", "%3D" => "=", "%3A" => ":", "%40" => "@" }.freeze
  HTML_ESCAPES = { "&" => "&amp;", "<" => "&lt;", ">" => "&gt;", '"' => "&quot;" }.freeze
  SPELLINGS = /~?[a-z0-9._-]+(~[a-z0-9._-]+)*/

  # base is put before every path; hosts, if any, replace it, and all sizes of a picture have
  # the same one. key, "KID:SECRET", signs, the first of several between spaces; expires is for
  # how many seconds, 0 for ever. scope is signed in place of the options. presets are the names
  # of those of the server.
  def initialize(base: "", hosts: [], key: "", expires: 0, scope: "", presets: [], now: -> { Time.now.to_f })
    unless [base, key, scope].all?(String)
      raise ArgumentError, "base, key and scope are strings, and not nil: is a variable not set?"
    end
    @base, @hosts, @expires, @scope, @presets, @now = base, hosts, expires, scope, presets, now
    @key_id, @secret = key[/\A[^ ]*/].split(":", 2)
    unless key.empty? || (@key_id.to_s.match?(/\A[a-z0-9-]+\z/) && @secret.to_s.bytesize >= 16)
      raise ArgumentError, "a key is KID:SECRET, with a secret of at least 16 bytes"
    end
    return if scope.empty? || (scope.bytesize <= 256 && scope.match?(/\A#{SPELLINGS}(,#{SPELLINGS})*\z/))

    raise ArgumentError, "a scope is presets, sizes, or a list such as 320x~640x,~dpr_2,f_auto"
  end

  # Without the secret, for logs.
  def inspect = "#<Thumbery #{@base}>"

  # The URL of a picture, with the canonical spelling of the options, which are given as text,
  # or by name: { w: 300, fp: [0.5, 0.2], gray: true }.
  def url(ops, key)
    ops = canonical(ops)
    check_key(key)
    raise ArgumentError, "the options #{ops} are outside the scope #{@scope}" unless in_scope?(ops)

    signature = @key_id ? "/#{signature(ops, key)}" : ""
    path = ERB::Util.url_encode(key).gsub(/%(2F|24|26|2B|3D|3A|40)/, PATH_ESCAPES)
    "#{host(key)}#{signature}/#{ops}/#{path}"
  end

  # The signature for the scope, and the key: of it clients/js makes URLs in a browser.
  def source(key)
    raise ArgumentError, "without a scope, each URL is signed by itself" if @scope.empty? || !@key_id

    check_key(key)
    "#{signature('', key)}/#{key}"
  end

  # The value of a srcset attribute, by widths or by densities.
  def srcset(ops, key, widths: [], densities: [])
    ops = spell(ops)
    return widths.map { |w| "#{at_width(ops, key, w)} #{w}w" }.join(", ") unless widths.empty?

    width, height, others = split_size(ops)
    if width.zero? && height.zero? && !@presets.include?(others.first)
      raise ArgumentError, "a srcset by densities needs a size, or a preset"
    end
    numbers = densities.map { |d| Values.number(d) }
    numbers.map { |d| "#{url(d == '1' ? ops : "#{ops},dpr_#{d}", key)} #{d}x" }.join(", ")
  end

  # The URL with another width. Options with both sides keep their ratio.
  def at_width(ops, key, width)
    w, h, others = split_size(spell(ops))
    raise ArgumentError, "a srcset by widths needs a width, both sides or neither" if h.positive? && w.zero?

    if @presets.include?(others.first) && (h.zero? || w.zero?)
      raise ArgumentError, "a srcset by widths needs both sides after a preset"
    end
    height = h.positive? ? [1, (2 * width * h + w) / (2 * w)].max : ""
    url([*others, "#{width}x#{height}"].join(","), key)
  end

  # The HTML of an <img>, or of a <picture> with a <source> for each format.
  def picture(ops, key, widths: [], densities: [], sizes: "", formats: [], alt: "", attributes: {})
    ops = spell(ops)
    responsive = widths.any? || densities.any?
    srcset = ->(o) { responsive ? srcset(o, key, widths: widths, densities: densities) : url(o, key) }
    others = ops.split(",").reject { |o| o.empty? || o.start_with?("f_") }
    sources = formats.map do |f|
      "<source#{html(type: "image/#{f}", srcset: srcset.call([*others, "f_#{f}"].join(',')), sizes: sizes)}>"
    end
    wrong = attributes.keys.find { |name| !name.match?(/\A[a-z0-9-]+\z/i) }
    raise ArgumentError, "#{wrong.inspect} is not the name of an attribute" if wrong

    src = widths.any? ? at_width(ops, key, widths.max) : url(ops, key)
    known = html(src: src, srcset: responsive ? srcset.call(ops) : "", sizes: sizes)
    img = "<img#{known} alt=\"#{escape(alt)}\"#{html(attributes)}>"
    sources.empty? ? img : "<picture>#{sources.join}#{img}</picture>"
  end

  # A background of CSS to show until the picture is there, from the JSON of /info/.
  def self.placeholder(info)
    color, uri = info.values_at("average", "placeholder").map(&:to_s)
    parts = color.match?(/\A#[0-9a-f]{6}\z/) ? [color] : []
    image = uri.match?(%r{\Adata:image/(webp|jpeg|png);base64,[A-Za-z0-9+/=]+\z})
    parts << "url(\"#{uri}\") center / cover no-repeat" if image
    parts.empty? ? "none" : parts.join(" ")
  end

  # The canonical spelling of options.
  def canonical(ops)
    tokens = spell(ops).split(",", -1)
    raise ArgumentError, "the options are longer than 512 characters" if tokens.join(",").bytesize > 512

    preset = tokens.shift if @presets.include?(tokens.first)
    return preset if preset && tokens.empty?

    values = parse(preset ? tokens : [*tokens, *([""] if tokens.empty?)])
    normalize(values) unless preset
    size = values["w"] || values["h"] ? "#{values['w']}x#{values['h']}" : nil
    options = OPTIONS.keys.select { |name| values.key?(name) }
    options.map! { |name| values[name].empty? ? name : "#{name}_#{values[name]}" }
    list = [preset, values["whole"], size, *options].compact
    list.empty? ? "dpr_1" : list.join(",")
  end

  private

  def spell(ops)
    return ops if ops.is_a?(String)
    raise ArgumentError, "options are a string or a hash, and not #{ops.inspect}" unless ops.is_a?(Hash)

    given = ops.transform_keys(&:to_s).reject { |_, value| value.nil? || value == false }
    preset = given.delete("preset")
    number = ->(x) { x.is_a?(Float) ? Values.number(x) : x }
    [*preset, *given.map { |name, value| value == true ? name : [name, *[*value].map(&number)].join("_") }].join(",")
  end

  def parse(tokens)
    tokens.each_with_object({}) do |token, values|
      parse_one(token).each do |name, value|
        if values.key?(name) || values.key?({ "g" => "fp", "fp" => "g" }[name])
          raise ArgumentError, "#{token} is given twice, or contradicts another option"
        end
        values[name] = value
      end
    end
  end

  def parse_one(token)
    return { "whole" => token } if KINDS.include?(token)

    Values.refuse unless token.match?(/\A[a-z0-9._-]+\z/)
    if token != "x" && token.match?(/\A[0-9]*x[0-9]*\z/)
      return %w[w h].zip(token.split("x", -1)).reject { |_, s| s.empty? }.to_h.transform_values(&SIDE)
    end
    name, value = token.split("_", 2)
    spell = OPTIONS[name] || (SIDE if %w[w h].include?(name))
    Values.refuse if spell.nil? || value == ""
    { name => spell.call(value) }
  rescue ArgumentError
    raise ArgumentError, "#{token.inspect} is not an option of Thumbery"
  end

  # Removes what has no effect, as Variant.normal does in Go.
  def normalize(v)
    v.reject! { |name, value| NEUTRAL[name] == value }
    return normalize_kind(v) if v["whole"]

    sized, both = v["w"] || v["h"], v["w"] && v["h"]
    v.delete("crop") if v["crop"]&.match?(/\A0p?_0p?_100p_100p\z/)
    v["page"] == "1" ? v.update("still" => "").delete("page") : (v.delete("still") if v["page"])
    v.delete("fit") if !both || v["fit"] == "cover"
    cover = both && !v["fit"]
    %w[g fp].each { |name| v.delete(name) } unless cover || v["fit"] == "contain"
    v.delete("g") if v["g"] == "smart" && !cover
    v.delete("fp") if v["fp"] == "0.5_0.5" && !v["crop"]
    v.delete("progressive") unless [nil, "auto", "jpeg"].include?(v["f"])
    v.delete("dpr") if v["dpr"] == "1" || !(sized || v["pad"] || v["round"])
    v.delete("up") unless sized
    side = [v["w"].to_i, v["h"].to_i].max
    return if (side * (v["dpr"] || 1).to_f + 0.5).floor <= MAX_SIDE

    raise ArgumentError, "dpr_#{v['dpr']} makes the picture too large"
  end

  def normalize_kind(v)
    return if (v.keys - %w[whole dl v]).empty?

    raise ArgumentError, "#{v['whole']} goes with no other options but dl and v"
  end

  def split_size(ops)
    options = ops.split(",").reject(&:empty?)
    dpr = options.find { |o| o.start_with?("dpr_") }
    raise ArgumentError, "a srcset has a dpr of its own: leave out #{dpr}" if dpr

    sizes, others = options.partition { |o| o.match?(/\A([0-9]*x[0-9]*|[wh]_.*)\z/) }
    size = parse(sizes)
    [size["w"].to_i, size["h"].to_i, others]
  end

  def in_scope?(ops)
    return true if @scope.empty?
    return @presets.include?(ops) if @scope == "presets"

    rest = ops.split(",")
    # Which of the sizes there are, the server knows.
    return rest.all?(/\A([0-9]*x[0-9]*|dpr_.*|f_.*)\z/) if @scope == "sizes"

    places = @scope.split(",").map { |place| place.split("~") }
    places.all? { |place| rest.any? && place.include?(rest.first) ? rest.shift : place.first == "" } && rest.empty?
  end

  def signature(ops, key)
    expires = @expires.zero? ? "" : (@now.call + @expires).ceil.to_s
    scope = @scope.empty? ? "" : "~#{@scope}"
    message = "#{expires}#{scope.empty? ? "/#{ops}" : scope}/#{key}"
    mac = [OpenSSL::HMAC.digest("SHA256", @secret, message)].pack("m0").tr("+/", "-_").delete("=")
    "s.#{@key_id}.#{mac}#{".#{expires}" unless expires.empty?}#{scope}"
  end

  # Rendezvous hashing: all sizes of a picture have the host with the greatest hash.
  def host(key)
    best = @hosts.max_by { |host| Digest::SHA256.hexdigest("#{host}\0#{key}")[0, 16] }
    best = "https://#{best}" if best && !best.include?("//")
    (best || @base).delete_suffix("/")
  end

  def check_key(key)
    reason =
      if !key.is_a?(String) then "a key is a string, and not #{key.inspect}"
      elsif key.empty? || key.bytesize > 1024 then "a key has 1 to 1024 bytes"
      elsif !key.valid_encoding? then "the key is not valid UTF-8"
      elsif key.match?(/[\u0000-\u001f\u007f-\u009f]/) then "the key has a control character"
      elsif key.split("/", -1).include?("") then "the key has an empty segment"
      elsif (key.split(%r{[/\\]}) & %w[. ..]).any? then 'the key has the segment "." or ".."'
      end
    raise ArgumentError, reason if reason
  end

  def html(attributes)
    attributes.map { |name, value| value.to_s.empty? ? "" : " #{name}=\"#{escape(value)}\"" }.join
  end

  def escape(text) = text.to_s.gsub(/[&<>"]/, HTML_ESCAPES)
end
