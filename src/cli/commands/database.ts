import { Command } from 'commander';
import { newCommand } from '../command.js';
import type { CommandContext } from '../context.js';

export function databaseCommand(context: CommandContext): Command {
  const database = new Command('db').description('The predawn schema in a destination database.');
  database.addCommand(
    newCommand('sql', 'Print what a DBA runs where predawn’s role may not create its schema.', [
      'predawn db sql | psql -h db.example.org -U admin warehouse',
    ]).action(async () => {
      context.stdout.write(await context.services.migrationSql());
    }),
  );
  return database;
}
