//! Twins of files that are compressed already, and which of them a client takes (RFC 9110, 12.5.3).
//! Pure. Asked by answers.

use http::{HeaderMap, header};

/// How a twin is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Brotli,
    Gzip,
}

impl Packing {
    /// All of them, the smaller one first.
    pub(super) const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// As `Content-Encoding` says it.
    pub(super) const fn coding(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// What follows the file's name in its twin's.
    pub(super) const fn ending(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
        }
    }

    /// How much a client wants it, in thousandths; 0 when it does not take it.
    pub(super) fn weight(self, headers: &HeaderMap) -> u16 {
        let mut of_all = 0;
        let values = headers.get_all(header::ACCEPT_ENCODING).iter();
        let values = values.filter_map(|value| value.to_str().ok());
        for element in values.flat_map(|value| value.split(',')) {
            let mut words = element.split(';').map(str::trim);
            let coding = words.next().unwrap_or_default();
            let is_ours = coding.eq_ignore_ascii_case(self.coding())
                || self == Self::Gzip && coding.eq_ignore_ascii_case("x-gzip");
            if is_ours {
                return quality(words);
            }
            if coding == "*" {
                of_all = quality(words);
            }
        }
        of_all
    }
}

/// The `q` among the parameters, in thousandths: 1000 without one, 0 for what is none.
fn quality<'a>(mut parameters: impl Iterator<Item = &'a str>) -> u16 {
    let value = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    let Some(value) = value else {
        return 1000;
    };
    let (whole, part) = value.split_once('.').unwrap_or((value, ""));
    let thousandths = format!("{part:0<3}").parse::<u16>();
    match (whole, thousandths) {
        ("1", Ok(0)) => 1000,
        ("0", Ok(thousandths)) if thousandths < 1000 => thousandths,
        _malformed => 0,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn weights(accept: &'static str) -> (u16, u16) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accept));
        let weight = |packing: Packing| packing.weight(&headers);
        (weight(Packing::Brotli), weight(Packing::Gzip))
    }

    #[test]
    fn a_client_takes_what_it_names_and_not_what_it_weighs_with_nothing() {
        assert_eq!(weights("gzip, deflate, br"), (1000, 1000));
        assert_eq!(weights("br;q=0, gzip"), (0, 1000));
        assert_eq!(weights("br;q=0.5,GZip ; Q=0.75"), (500, 750));
        assert_eq!(weights("x-gzip"), (0, 1000));
        assert_eq!(weights("*;q=0.1, br"), (1000, 100));
        assert_eq!(weights("br;q=0, *"), (0, 1000));
        assert_eq!(weights("brotli, identity"), (0, 0));
        assert_eq!(weights("br;q=1.5, gzip;q=x"), (0, 0));
        assert_eq!(weights("br;q=1.000, gzip;q=0.0001"), (1000, 1));
        assert_eq!(Packing::Gzip.weight(&HeaderMap::new()), 0);
    }
}
