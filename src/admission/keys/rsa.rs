//! RS256: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 §8.2.2), verified only. The crate `rsa` would be six
//! times the code, most of it for private keys, which are never here: there is no secret to leak by
//! time, and the encoding is not parsed but made and compared.

use std::cell::OnceCell;

use crypto_bigint::modular::runtime_mod::{DynResidue, DynResidueParams};
use crypto_bigint::{Encoding, U64, U4096};
use sha2::{Digest, Sha256};

/// The fewest bits of a modulus (RFC 7518 §3.3).
const BITS_MIN: usize = 2048;

/// The longest modulus, in bytes: no issuer's is longer, and a signature takes its square in time.
const BYTES_MAX: usize = 512;

/// The only exponent there is: issuers have no other, and large ones would cost time.
const EXPONENT: u32 = 65_537;

/// Its length, in bits.
const EXPONENT_BITS: usize = 17;

/// What stands before a digest of SHA-256: its `DigestInfo` in DER (RFC 8017 §9.2, note 1).
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// A public key.
#[derive(Clone)]
pub(super) struct RsaKey {
    modulus: U4096,
    /// How many bytes the modulus has, and each signature.
    bytes: usize,
    /// What speeds up reckoning by the modulus, and takes longer to make than a signature to verify:
    /// not made before the key is used.
    speed: OnceCell<Box<DynResidueParams<{ U4096::LIMBS }>>>,
}

impl RsaKey {
    /// By its modulus and exponent, big-endian.
    pub(super) fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, &'static str> {
        let (modulus, exponent) = (number(modulus), number(exponent));
        if exponent != &EXPONENT.to_be_bytes()[1..] {
            return Err("its exponent is not 65537");
        }
        let (first, last) = match modulus {
            [first, .., last] => (*first, *last),
            _ => return Err("it has no modulus"),
        };
        if BYTES_MAX < modulus.len() {
            return Err("it is longer than 4096 bits");
        }
        if modulus.len() * 8 - (first.leading_zeros() as usize) < BITS_MIN {
            return Err("it is shorter than 2048 bits");
        }
        // A product of primes is odd, and only by such can be reckoned so.
        if last.is_multiple_of(2) {
            return Err("its modulus is even");
        }
        let speed = OnceCell::new();
        Ok(Self { modulus: wide(modulus), bytes: modulus.len(), speed })
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature_is = |it: &[u8]| it.len() == self.bytes;
        if !signature_is(signature) {
            return false;
        }
        let signature = wide(signature);
        if self.modulus <= signature {
            return false;
        }
        let speed = self.speed.get_or_init(|| Box::new(DynResidueParams::new(&self.modulus)));
        let signed = DynResidue::new(&signature, **speed)
            .pow_bounded_exp(&U64::from_u32(EXPONENT), EXPONENT_BITS)
            .retrieve();
        signed == self.encoded(message)
    }

    /// `00 01 FF … FF 00`, the kind of digest, the digest: as long as the modulus.
    fn encoded(&self, message: &[u8]) -> U4096 {
        let digest = Sha256::digest(message);
        let filled = self.bytes.saturating_sub(3 + DIGEST_INFO.len() + digest.len());
        let mut encoded = vec![0, 1];
        encoded.resize(2 + filled, 0xff);
        encoded.push(0);
        encoded.extend(DIGEST_INFO);
        encoded.extend(digest);
        wide(&encoded)
    }
}

/// Without the zeros before it, which some issuers write.
fn number(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|it| **it == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

/// At most 512 bytes, big-endian, as a number.
fn wide(bytes: &[u8]) -> U4096 {
    let mut all = [0; BYTES_MAX];
    let from = BYTES_MAX.saturating_sub(bytes.len());
    if let Some(tail) = all.get_mut(from..) {
        tail.copy_from_slice(bytes);
    }
    U4096::from_be_bytes(all)
}
