//! `/v1/account`.

use super::{Call, Endpoint, Route};
use crate::{error::ApiError, keys::Permission, shapes::AccountShape, world::World};

pub(super) const ROUTES: &[Route] = &[Route::retrieve(
    Endpoint::RetrieveAccount,
    "/v1/account",
    Permission::AccountRead,
    retrieve,
)];

fn retrieve(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    call.body(world, &AccountShape::new(call.view(world)))
}
