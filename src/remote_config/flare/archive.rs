//! A ZIP archive, as small programs read it: entries compressed with deflate, a directory at the end.

use miniz_oxide::deflate::compress_to_vec;

const LOCAL_HEADER: u32 = 0x0403_4b50;
const DIRECTORY_HEADER: u32 = 0x0201_4b50;
const END_OF_DIRECTORY: u32 = 0x0605_4b50;
const VERSION: u16 = 20;
/// Names are in UTF-8.
const UTF_8: u16 = 0x0800;
const DEFLATE: u16 = 8;
const LEVEL: u8 = 6;
/// 1980-01-01 00:00, the beginning of time in archives: when the entries were made says the name of the archive.
const TIME: u16 = 0;
const DATE: u16 = 0x0021;

/// An archive of these files. Sizes beyond 32 bits are not for this.
pub fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    let mut count: u16 = 0;
    for (name, content) in files {
        let packed = compress_to_vec(content, LEVEL);
        let name_length = u16::try_from(name.len());
        let sizes = (u32::try_from(packed.len()), u32::try_from(content.len()), u32::try_from(archive.len()));
        let (Ok(name_length), (Ok(packed_size), Ok(size), Ok(offset))) = (name_length, sizes) else { continue };
        let mut facts = Vec::new();
        [VERSION, UTF_8, DEFLATE, TIME, DATE].iter().for_each(|number| facts.extend(number.to_le_bytes()));
        [crc32(content), packed_size, size].iter().for_each(|number| facts.extend(number.to_le_bytes()));
        // No extra field.
        [name_length, 0].iter().for_each(|number| facts.extend(number.to_le_bytes()));
        archive.extend(LOCAL_HEADER.to_le_bytes());
        archive.extend(&facts);
        archive.extend(name.as_bytes());
        archive.extend(&packed);
        directory.extend(DIRECTORY_HEADER.to_le_bytes());
        directory.extend(VERSION.to_le_bytes());
        directory.extend(&facts);
        // No comment, first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
        count = count.saturating_add(1);
    }
    let place = (u32::try_from(directory.len()).unwrap_or(0), u32::try_from(archive.len()).unwrap_or(0));
    archive.extend(directory);
    archive.extend(END_OF_DIRECTORY.to_le_bytes());
    // First disk, directory on the first disk.
    archive.extend([0; 4]);
    [count, count].iter().for_each(|number| archive.extend(number.to_le_bytes()));
    [place.0, place.1].iter().for_each(|number| archive.extend(number.to_le_bytes()));
    archive.extend([0; 2]);
    archive
}

/// The checksum of archives.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut index = 0;
        while index < 256 {
            let mut value = index as u32;
            let mut bit = 0;
            while bit < 8 {
                value = if value & 1 == 1 { 0xedb8_8320 ^ (value >> 1) } else { value >> 1 };
                bit += 1;
            }
            table[index] = value;
            index += 1;
        }
        table
    };
    let step = |sum: u32, byte: &u8| {
        let place = usize::from((sum as u8) ^ byte);
        TABLE.get(place).copied().unwrap_or_default() ^ (sum >> 8)
    };
    !bytes.iter().fold(!0, step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    #[test]
    fn checksums_are_those_of_archives() {
        assert_eq!(crc32(b""), 0);
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn other_programs_read_the_archive() {
        let files = [
            ("tracer.log".to_owned(), b"line\n".repeat(1000)),
            ("l\u{e9}er.json".to_owned(), b"{}".to_vec()),
            ("empty".to_owned(), vec![]),
        ];
        let archive = zip(&files);
        assert!(archive.len() < 600, "{}", archive.len());
        let program = "import io,sys,zipfile;z=zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()));assert z.testzip() is None;\
                       print([(i.filename,i.file_size,i.compress_type) for i in z.infolist()], z.read('tracer.log')==b'line\\n'*1000)";
        let python = Command::new("python3").args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        // Where there is no such program, the tests on the wire look at archives.
        let Ok(mut python) = python else { return };
        python.stdin.take().unwrap().write_all(&archive).unwrap();
        let output = python.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success());
        assert_eq!(text.trim(), "[('tracer.log', 5000, 8), ('l\u{e9}er.json', 2, 8), ('empty', 0, 8)] True");
    }
}
