# frozen_string_literal: true

Gem::Specification.new do |s|
  s.name = "thumbery"
  s.version = "1.0.0"
  s.summary = "URLs, srcset and <picture> for the image server Thumbery"
  s.authors = ["The Thumbery authors"]
  s.license = "MIT"
  s.homepage = "https://github.com/thumbery/thumbery"
  s.files = Dir["lib/**/*.rb", "README.md", "LICENSE"]
  s.required_ruby_version = ">= 3.0"
end
