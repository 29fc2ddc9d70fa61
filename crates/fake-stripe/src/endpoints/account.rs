//! `/v1/account`.

use super::{Call, Endpoint, Route};
use crate::{
    error::ApiError, keys::Permission, parameters::RETRIEVE, shapes::AccountShape, world::World,
};

pub(super) const ROUTES: &[Route] = &[Route {
    endpoint: Endpoint::RetrieveAccount,
    path: "/v1/account",
    permission: Permission::AccountRead,
    parameters: &[&RETRIEVE],
    answer: retrieve,
}];

fn retrieve(call: &Call<'_>, world: &World) -> Result<Vec<u8>, ApiError> {
    call.body(world, &AccountShape::new(call.view(world)))
}
