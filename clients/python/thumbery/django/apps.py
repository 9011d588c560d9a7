from django.apps import AppConfig


class ThumberyConfig(AppConfig):
    name = "thumbery.django"
    label = "thumbery"
