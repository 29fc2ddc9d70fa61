//! `/v1/coupons`.

use super::{Call, Endpoint, Listing, Route};
use crate::{error::ApiError, keys::Permission, shapes, world::World};

pub(super) const ROUTES: &[Route] = &[
    Route::list(
        Endpoint::ListCoupons,
        "/v1/coupons",
        Permission::CouponRead,
        list,
    ),
    Route::retrieve(
        Endpoint::RetrieveCoupon,
        "/v1/coupons/{id}",
        Permission::CouponRead,
        retrieve,
    ),
];

fn retrieve(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let coupon = call.find((world, &world.objects.coupons), "coupon", call.id)?;
    call.body(world, &shapes::coupon(coupon, call.view(world)))
}

fn list(call: &mut Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    let created = call.form.times("created")?;
    let window = call.window()?;
    let listing = Listing::new(&world.objects.coupons, "coupon", window).created(created);
    call.list(
        world,
        &listing,
        |_| true,
        |coupon| shapes::coupon(coupon, call.view(world)),
    )
}
