# frozen_string_literal: true

require "active_support/lazy_load_hooks"
require "thumbery"

# Helpers for views in Rails: require "thumbery/rails", and in an initializer
# Thumbery.default = Thumbery.new(base: "https://img.example.com").
class Thumbery
  class << self
    attr_accessor :default
  end

  module Helper
    def thumbery_url(ops, key) = Thumbery.default.url(ops, key)
    def thumbery_srcset(ops, key, **candidates) = Thumbery.default.srcset(ops, key, **candidates)
    def thumbery_source(key) = Thumbery.default.source(key)
    def thumbery_placeholder(info) = Thumbery.placeholder(info)

    # All values in it are escaped.
    def thumbery_picture(ops, key, **more) = Thumbery.default.picture(ops, key, **more).html_safe
  end
end

ActiveSupport.on_load(:action_view) { include Thumbery::Helper }
