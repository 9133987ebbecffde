//! Says how high the tide is above the mark that it is given, in centimetres.

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    let levels: Result<Vec<i32>, _> = env::args().skip(1).map(|a| a.parse()).collect();
    match levels {
        Ok(levels) if !levels.is_empty() => {
            println!("{}", levels.iter().max().unwrap_or(&0));
            ExitCode::SUCCESS
        }
        Ok(_) => {
            eprintln!("tidegauge: no levels");
            ExitCode::from(2)
        }
        Err(e) => {
            eprintln!("tidegauge: {e}");
            ExitCode::from(2)
        }
    }
}
