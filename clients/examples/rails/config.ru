# THUMBERY_URL=http://localhost:8080 THUMBERY_KEY=KID:SECRET SECRET_KEY_BASE=any puma
require "rails"
require "action_controller/railtie"
require "thumbery/rails"

Thumbery.default = Thumbery.new(base: ENV.fetch("THUMBERY_URL"), key: ENV.fetch("THUMBERY_KEY"))

class Gallery < Rails::Application
  config.eager_load = false
  config.logger = Logger.new($stderr)
  routes.append { root to: "pictures#index" }
end

class PicturesController < ActionController::Base
  def index
    render inline: <<~PAGE, locals: { keys: ["photos/cat.jpg", "photos/portrait.jpg"] }
      <!doctype html>
      <title>Pictures</title>
      <% keys.each do |key| %>
      <a href="<%= thumbery_url "1280x,f_auto", key %>">
        <%= thumbery_picture "300x200,f_auto", key, densities: [1, 2], alt: key %>
      </a>
      <% end %>
    PAGE
  end
end

run Gallery.initialize!
