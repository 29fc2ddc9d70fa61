from django.http import JsonResponse
from django.urls import include, path
from djstripe.models import Customer


def access(request):
    """Returns the user's access according to the package itself."""
    customers = Customer.objects.filter(subscriber_id=request.GET["user"])
    return JsonResponse({"paid": any(customer.has_any_active_subscription() for customer in customers)})


urlpatterns = [
    path("access/", access),
    path("stripe/", include("djstripe.urls", namespace="djstripe")),
]
