from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("studio.urls")),
    path("admin/", admin.site.urls),
    path("connected-accounts/", include("django_connected_accounts.urls")),
    path("api/connected-accounts/", include("django_connected_accounts.api.urls")),
]
