"""Migrates a database, answers the admin's login page with its templates, and checks a password."""
import sys
import tempfile
import types

import django
from django.conf import settings
from django.core.management import call_command
from django.urls import path


def main():
    with tempfile.TemporaryDirectory() as folder:
        settings.configure(
            SECRET_KEY="not secret",
            ALLOWED_HOSTS=["*"],
            ROOT_URLCONF="site_urls",
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder + "/db"}},
            INSTALLED_APPS=[
                "django.contrib." + name for name in ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")
            ],
            MIDDLEWARE=[
                "django.contrib.sessions.middleware.SessionMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
                "django.contrib.messages.middleware.MessageMiddleware",
            ],
            TEMPLATES=[{
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]},
            }],
            STATIC_URL="/static/",
        )
        django.setup()
        from django.contrib import admin
        from django.contrib.auth.models import User
        from django.contrib.staticfiles import finders
        from django.test import Client

        urls = types.ModuleType("site_urls")
        urls.urlpatterns = [path("admin/", admin.site.urls)]
        sys.modules["site_urls"] = urls
        call_command("migrate", verbosity=0)
        User.objects.create_superuser("root", password="a secret")
        client = Client()
        page = client.get("/admin/login/")
        print(page.status_code, client.login(username="root", password="a secret"), client.get("/admin/").status_code,
              finders.find("admin/css/base.css") is not None)
