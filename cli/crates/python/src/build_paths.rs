//! Takes the paths of the machine that packs out of what is packed.

use std::env;

/// Stands for the folder that an interpreter was installed in; the same on every machine.
pub(super) const NEUTRAL_PREFIX: &str = "/usr/local";

/// Replaces the user's name in paths below the home folder by as many x: `/home/alice/…` says who packed. `/root` says nothing.
pub(super) fn hide_home(data: &mut [u8]) {
    if let Some(home) = env::var_os("HOME") {
        hide(data, home.as_encoded_bytes());
    }
}

fn hide(data: &mut [u8], home: &[u8]) {
    let Some(name_start) = home.iter().rposition(|byte| *byte == b'/').map(|slash| slash + 1) else { return };
    if name_start < 2 || name_start == home.len() {
        return;
    }
    let pattern = [home, b"/"].concat();
    let starts: Vec<usize> = data
        .windows(pattern.len())
        .enumerate()
        .filter(|(_, window)| *window == pattern)
        .map(|(start, _)| start)
        .collect();
    for start in starts {
        if let Some(name) = data.get_mut(start + name_start..start + home.len()) {
            name.fill(b'x');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_home_folder_is_hidden_at_the_same_length() {
        let mut data = b"..\0/home/alice/.pyenv/lib\0/home/alicette/x\0/home/alice".to_vec();
        hide(&mut data, b"/home/alice");
        assert_eq!(data, b"..\0/home/xxxxx/.pyenv/lib\0/home/alicette/x\0/home/alice");
        let mut root = b"/root/x".to_vec();
        hide(&mut root, b"/root");
        assert_eq!(root, b"/root/x");
        hide(&mut root, b"/");
        hide(&mut root, b"");
        assert_eq!(root, b"/root/x");
    }
}
