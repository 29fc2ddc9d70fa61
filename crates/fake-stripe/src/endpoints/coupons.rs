//! `/v1/coupons`.

use super::{Call, Endpoint, Listing, Route};
use crate::{
    error::ApiError,
    keys::Permission,
    parameters::{Kind, LIST, RETRIEVE, known},
    shapes,
    world::World,
};

pub(super) const ROUTES: &[Route] = &[
    Route {
        endpoint: Endpoint::ListCoupons,
        path: "/v1/coupons",
        permission: Permission::CouponRead,
        parameters: &[&LIST, &[known("created", Kind::Times)]],
        answer: list,
    },
    Route {
        endpoint: Endpoint::RetrieveCoupon,
        path: "/v1/coupons/{id}",
        permission: Permission::CouponRead,
        parameters: &[&RETRIEVE],
        answer: retrieve,
    },
];

fn retrieve(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let coupon = call.find((world, &world.objects.coupons), "coupon", (call.id, "id"))?;
    call.body(world, &shapes::coupon(coupon, call.view(world)))
}

fn list(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let listing = Listing::new(&world.objects.coupons, "coupon", call);
    call.list(
        world,
        &listing,
        |_| true,
        |coupon| shapes::coupon(coupon, call.view(world)),
    )
}
