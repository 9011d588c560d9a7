# frozen_string_literal: true

require "json"
require "logger"
$LOAD_PATH.unshift(File.join(__dir__, "../../../../clients/ruby/lib"))
require "action_view"
require "thumbery/rails"

given = JSON.parse($stdin.read)
Thumbery.default = Thumbery.new(**given["settings"].transform_keys(&:to_sym))
view = ActionView::Base.with_empty_template_cache.new(ActionView::LookupContext.new([]), {}, nil)
templates = given["templates"].map { |code| view.render(inline: code) }
puts({ programs: given["programs"].map { |code| eval("#{code}\nurl") }, templates: templates }.to_json)
