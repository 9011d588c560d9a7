"""Tags for Django's templates: add "thumbery.django" to INSTALLED_APPS, and to the settings
THUMBERY = {"base": "https://img.example.com", …}, with the arguments of Thumbery."""
