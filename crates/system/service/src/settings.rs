//! Settings come from environment variables or, by the same name, from arguments. `--help` lists them; one that is missing
//! or not valid is named, with what it is for.

use std::net::SocketAddr;

use clap::{
    Arg, Args, Command, CommandFactory, FromArgMatches, ValueEnum,
    error::{ContextKind, ContextValue, Error},
};
use contract::wiring::variables;
use tracing_subscriber::EnvFilter;

/// Settings that every service has.
#[derive(Debug, Clone, Args)]
pub struct ServiceSettings {
    /// Where the service listens; by default on loopback, at its standard port.
    #[arg(long, env = variables::LISTEN_ADDRESS, value_name = "ADDRESS:PORT")]
    pub listen_address: Option<SocketAddr>,
    /// Smallest level that is logged, or a filter such as info,sqlx=warn.
    #[arg(long, env = variables::LOG_LEVEL, value_name = "LEVEL", default_value = "info", value_parser = log_filter)]
    pub log_level: String,
    /// Form of log lines.
    #[arg(long, env = variables::LOG_FORMAT, value_enum, default_value = "text")]
    pub log_format: LogFormat,
    /// Origins of web pages that may call the service, separated by commas, as `https://example.com`; by default none.
    #[arg(long, env = variables::ALLOWED_ORIGINS, value_name = "ORIGINS", value_delimiter = ',')]
    pub allowed_origins: Vec<String>,
    /// Host names with a dot under which the service may be addressed, separated by commas. Addresses, `localhost` and
    /// names without a dot are always allowed.
    #[arg(long, env = variables::ALLOWED_HOSTS, value_name = "HOSTS", value_delimiter = ',')]
    pub allowed_hosts: Vec<String>,
}

/// Form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl ServiceSettings {
    /// The address to listen on: as set, else loopback and the service's standard port.
    pub fn address(&self, standard_port: u16) -> SocketAddr {
        self.listen_address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], standard_port)))
    }
}

/// The settings of this program. Ends it, with a message, for `--help` and `--version`, and when a setting is missing or
/// not valid. An empty variable counts as unset.
pub fn settings<S: CommandFactory + FromArgMatches>() -> S {
    let command = S::command().mut_args(unset_if_empty);
    let matches = command.clone().try_get_matches();
    let settings = matches.and_then(|matches| S::from_arg_matches(&matches));
    settings.unwrap_or_else(|error| {
        let missing = missing(&error, &command);
        if missing.is_empty() {
            error.exit();
        }
        for line in missing {
            eprintln!("error: {line}");
        }
        eprintln!("\nFor more information, try '--help'.");
        std::process::exit(2)
    })
}

/// A variable that is set to nothing says nothing.
fn unset_if_empty(argument: Arg) -> Arg {
    let variable = argument.get_env().and_then(std::env::var_os);
    if variable.is_some_and(|value| value.is_empty()) { argument.env(None::<&str>) } else { argument }
}

/// For each setting that is missing a line that names its variable; none for another error.
fn missing(error: &Error, command: &Command) -> Vec<String> {
    let Some(ContextValue::Strings(usages)) = error.get(ContextKind::InvalidArg) else { return Vec::new() };
    let named = |usage: &str| {
        let option = usage.split(' ').next().unwrap_or(usage).trim_start_matches("--");
        let argument = command.get_arguments().find(|argument| argument.get_long() == Some(option))?;
        let (variable, help) = (argument.get_env()?.to_string_lossy(), argument.get_help()?);
        Some(format!("environment variable {variable} is not set: {help}"))
    };
    usages.iter().filter_map(|usage| named(usage)).collect()
}

fn log_filter(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Example {
        #[command(flatten)]
        service: ServiceSettings,
        /// Key that callers send.
        #[arg(long, env = "EXAMPLE_KEY_OF_A_TEST")]
        key: String,
    }

    fn parse(arguments: &[&str]) -> Result<Example, Error> {
        // A variable of the machine that runs the test must not count.
        let command = Example::command().mut_args(|argument| argument.env(None::<&str>));
        let arguments = std::iter::once("example").chain(arguments.iter().copied());
        Example::from_arg_matches(&command.try_get_matches_from(arguments)?)
    }

    #[test]
    fn missing_setting_is_named_by_its_variable() {
        let error = Example::command().try_get_matches_from(["example"]).expect_err("the key is missing");
        assert_eq!(
            missing(&error, &Example::command()),
            ["environment variable EXAMPLE_KEY_OF_A_TEST is not set: Key that callers send"]
        );
    }

    #[test]
    fn settings_have_defaults() {
        let Example { service, .. } = parse(&["--key", "k"]).expect("all others have defaults");
        assert_eq!(service.address(18000), SocketAddr::from(([127, 0, 0, 1], 18000)));
        assert_eq!((service.log_level.as_str(), service.log_format), ("info", LogFormat::Text));
        assert!(service.allowed_origins.is_empty() && service.allowed_hosts.is_empty());
    }

    #[test]
    fn invalid_setting_is_refused() {
        for [option, value] in [["--log-level", "==="], ["--log-format", "xml"], ["--listen-address", "localhost"]] {
            let error = parse(&["--key", "k", option, value]).expect_err("it is not valid");
            assert!(missing(&error, &Example::command()).is_empty(), "{error}");
            let message = error.to_string();
            assert!(message.contains(option) && message.contains(value), "{message}");
        }
    }
}
